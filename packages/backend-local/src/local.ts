import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Backend, BottleRef, BottleStatus, Capabilities } from '@bot-bottle/backend';
import {
  BackendError,
  CONTRACT_VERSION,
  checkSpec,
  type Forbidden,
  resolveMounts,
} from '@bot-bottle/backend';
import { stateRoot } from '@bot-bottle/state-paths';
import { resolveFiles } from './files.js';
import { groupName } from './group.js';
import { limitGroup } from './groups.js';
import { launchSandbox, writePreparation } from './launch.js';
import type { Environment } from './machine.js';
import { probe } from './probe.js';
import { killHolders, stopSandbox } from './processes.js';
import { isAlive, readIfPresent, readProcessRecord } from './record.js';
import { ENVIRONMENT } from './sandbox.js';
import { readExit, removeScratch, sawAgentEnd, scratchOf } from './scratch.js';

export interface LocalOptions {
  /** Where the operator's programs are found. Nothing of it is passed on. Default: process.env. */
  readonly env?: Environment;
  /** The operator's home, which no bottle may be given. Default: os.homedir(). */
  readonly home?: string;
  /** The root of all bottles' state, which no bottle may be given. Default: state-paths' stateRoot(). */
  readonly stateRoot?: string;
}

const CAPABILITIES: Capabilities = {
  isolation: 'namespaces',
  network: 'egress',
  attach: false,
  resize: true,
  images: false,
  workspaces: ['empty', 'mount', 'copy'],
  environment: ENVIRONMENT,
};

/** Bottles of this process that are between the check and the record of the sandbox. Among processes, the lease decides. */
const launching = new Set<string>();

/** Runs a bottle on this machine, in a bubblewrap sandbox that dies with the process that launched it. */
export function localBackend(options: LocalOptions = {}): Backend {
  const env = options.env ?? process.env;
  const home = options.home ?? homedir();
  const forbidden: Forbidden = { home, stateRoot: options.stateRoot ?? stateRoot({ env, home }) };
  return {
    name: 'local',
    contract: CONTRACT_VERSION,
    capabilities: CAPABILITIES,
    probe: () => probe(env),

    async prepare(spec) {
      checkSpec(spec, CAPABILITIES);
      resolveMounts(spec, forbidden);
      resolveFiles(spec);
      writePreparation(spec, env);
      return { spec };
    },

    async launch({ spec }, host) {
      const { state } = statusOf(spec);
      if (state === 'running' || launching.has(spec.stateFolder)) {
        throw new BackendError('already-running', `${spec.identity} runs already`);
      }
      if (state === 'absent') throw new BackendError('not-prepared', `${spec.identity} was not prepared`);
      launching.add(spec.stateFolder);
      try {
        await stop(spec, 0, env);
        return await launchSandbox(spec, host, {
          env,
          forbidden,
          group: limitGroup(env),
          terminal: 'terminal',
        });
      } catch (error) {
        await stop(spec, 0, env);
        throw error;
      } finally {
        launching.delete(spec.stateFolder);
      }
    },

    async attach(ref) {
      if (statusOf(ref).state !== 'running')
        throw new BackendError('not-running', `${ref.identity} does not run`);
      throw new BackendError('unsupported', `${ref.identity} runs under its own keeper; attach through that`);
    },

    status: async ref => statusOf(ref),

    stop: (ref, { graceMs }) => stop(ref, graceMs, env),

    async destroy(ref) {
      await stop(ref, 0, env);
      return removeScratch(scratchOf(ref));
    },
  };
}

function statusOf(ref: BottleRef): BottleStatus {
  const scratch = scratchOf(ref);
  if (readIfPresent(scratch.prepared) === null) return { state: 'absent' };
  const sandbox = readProcessRecord(scratch.record);
  if (sandbox === null) return { state: 'prepared' };
  return isAlive(sandbox) ? { state: 'running' } : { state: 'exited', exit: readExit(scratch) };
}

async function stop(ref: BottleRef, graceMs: number, env: Environment): Promise<void> {
  const scratch = scratchOf(ref);
  const sandbox = readProcessRecord(scratch.record);
  if (sandbox !== null && isAlive(sandbox)) await stopSandbox(sandbox, graceMs);
  // bubblewrap was killed, perhaps in the middle of a launch: its child then waits for ever to be let go.
  if (existsSync(scratch.status) && !sawAgentEnd(scratch)) await killHolders(scratch.filter);
  await limitGroup(env).leave(groupName(ref));
}
