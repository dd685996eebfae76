import { statSync } from 'node:fs';
import { normalize } from 'node:path';
import type { Backend, BottleStatus } from '../backend.js';
import { CONTRACT_VERSION } from '../contract.js';
import { EGRESS_PROOF } from '../egress-proof.js';
import { BackendError } from '../errors.js';
import type { BottleRef, BottleSpec } from '../spec.js';
import type { Sighting } from '../survey.js';
import type { ExitStatus, LaunchHost } from '../terminal.js';
import { talk } from './memory-connection.js';
import { MemoryImages } from './memory-images.js';
import { type MemoryProcess, startProgram } from './memory-programs.js';

interface Entry {
  spec: BottleSpec;
  readonly createdAt: Date;
  status: BottleStatus;
  process?: MemoryProcess;
}

/** What several adapter objects share, as two processes share what is on disk. */
export class MemoryStore {
  /** By their state folders. */
  readonly bottles = new Map<string, Entry>();
  readonly images = new MemoryImages();
}

const DEFAULTS = (spec: BottleSpec) => ({ HOME: spec.home.target, TERM: 'xterm-256color' });

/**
 * The contract's smallest form: bottles are entries of a map, programs are `memoryPrograms`, nothing is isolated. An
 * example to read and a proof that the suite asks nothing that the contract does not; never offered to operators.
 */
export function memoryBackend(store = new MemoryStore()): Backend {
  const entryOf = ({ stateFolder }: BottleRef) => store.bottles.get(stateFolder);
  const status = (ref: BottleRef): BottleStatus => entryOf(ref)?.status ?? { state: 'absent' };
  const stop = async (ref: BottleRef, graceMs: number) => {
    const running = entryOf(ref)?.process;
    if (running === undefined) return;
    if (graceMs > 0) running.signal('SIGTERM');
    running.signal('SIGKILL');
    await running.exited;
  };
  return {
    name: 'memory',
    contract: CONTRACT_VERSION,
    capabilities: {
      isolation: 'none',
      network: 'egress',
      attach: false,
      resize: true,
      images: true,
      workspaces: ['empty', 'mount', 'copy'],
      environment: ['HOME', 'TERM'],
    },

    builder: store.images,

    async probe() {
      const none = 'none';
      const limits = {
        memoryBytes: none,
        cpus: none,
        processes: none,
        openFiles: none,
        tmpBytes: none,
      } as const;
      return { available: true, version: '1', limits, notes: ['nothing is isolated'] };
    },

    async prepare(spec) {
      if (spec.command.length === 0) throw new BackendError('bad-spec', 'the command is empty');
      if (store.images.find(spec.image) === undefined) {
        throw new BackendError('bad-spec', `there is no image ${spec.image}`);
      }
      checkEgress(spec);
      checkFiles(spec);
      for (const { source } of [spec.workspace, spec.home]) {
        if (!statSync(source, { throwIfNoEntry: false })?.isDirectory()) {
          throw new BackendError('bad-spec', `not a folder: ${source}`);
        }
      }
      const entry = entryOf(spec);
      if (entry !== undefined) entry.spec = spec;
      else
        store.bottles.set(spec.stateFolder, { spec, createdAt: new Date(), status: { state: 'prepared' } });
      return { spec };
    },

    async launch({ spec }, host) {
      if (spec.egress !== undefined) await proveEgress(host);
      const entry = entryOf(spec);
      if (entry === undefined) throw new BackendError('not-prepared', `${spec.identity} was not prepared`);
      if (entry.process !== undefined) {
        throw new BackendError('already-running', `${spec.identity} runs already`);
      }
      const started = startProgram(
        spec,
        { env: { ...DEFAULTS(spec), ...spec.env }, image: store.images.find(spec.image) },
        host,
      );
      entry.process = started;
      entry.status = { state: 'running' };
      const exited = started.exited.then((exit: ExitStatus) => {
        delete entry.process;
        entry.status = { state: 'exited', exit };
        return exit;
      });
      return { pid: null, terminal: started.terminal, exited };
    },

    async attach(ref) {
      if (entryOf(ref)?.process === undefined) {
        throw new BackendError('not-running', `${ref.identity} does not run`);
      }
      throw new BackendError('unsupported', `${ref.identity} is held by who launched it`);
    },

    status: async ref => status(ref),

    stop: (ref, { graceMs }) => stop(ref, graceMs),

    async destroy(ref) {
      await stop(ref, 0);
      return { removed: store.bottles.delete(ref.stateFolder), left: [] };
    },

    survey: async () =>
      [...store.bottles.values()].filter(({ status }) => status.state !== 'prepared').map(sightingOf),

    async recall(ref) {
      const entry = entryOf(ref);
      if (entry === undefined) return null;
      const { agentName, command, image = null, workspace, home, labels } = entry.spec;
      const { source, target } = workspace;
      const { project, createdAt } = sightingOf(entry);
      return {
        ...{ agentName, command, image, workspace: { source, target }, home, labels },
        ...{ project, createdAt },
      };
    },
  };
}

function sightingOf({ spec, createdAt, status }: Entry): Sighting {
  const { identity, stateFolder, project = `bot-bottle-${identity}` } = spec;
  return {
    bottle: { identity, stateFolder, project },
    project,
    state: status.state === 'running' ? 'running' : 'exited',
    names: [identity],
    createdAt,
  };
}

function checkEgress({ egress }: BottleSpec): void {
  if (egress === undefined) return;
  const { port } = egress;
  if (!(Number.isInteger(port) && port >= 1024 && port <= 65_535)) {
    throw new BackendError('bad-spec', `egress port ${port}; expected 1024 to 65535`);
  }
}

function checkFiles({ files = [] }: BottleSpec): void {
  for (const { source, target } of files) {
    if (normalize(target) !== target || !/^\/(run\/bot-bottle|etc\/ssl|etc\/pki)\/./.test(target)) {
      throw new BackendError('bad-spec', `no place for a file: ${target}`);
    }
    if (!statSync(source, { throwIfNoEntry: false })?.isFile()) {
      throw new BackendError('bad-spec', `not a file: ${source}`);
    }
  }
}

async function proveEgress({ serveEgress }: LaunchHost): Promise<void> {
  if (serveEgress === undefined) throw new BackendError('launch-failed', 'the host serves no way out');
  const answer = await talk(serveEgress, EGRESS_PROOF);
  if (!answer.startsWith('HTTP/1.1 403 ')) {
    throw new BackendError('isolation-failed', `what must be denied was answered ${answer.split('\r\n')[0]}`);
  }
}
