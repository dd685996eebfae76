import { homedir } from 'node:os';
import type {
  Backend,
  BottleRef,
  BottleSpec,
  BottleStatus,
  Capabilities,
  ExitStatus,
  LaunchHost,
  PreparedBottle,
  RunningBottle,
  TerminalCommand,
} from '@bot-bottle/backend';
import { BackendError, CONTRACT_VERSION } from '@bot-bottle/backend';
import { stateRoot } from '@bot-bottle/state-paths';
import { etcFiles } from './etc.js';
import { LAUNCH_SCRIPT } from './launcher.js';
import { DEFAULT_LIMITS, limitedCommand } from './limits.js';
import { type Forbidden, resolveMounts } from './mounts.js';
import { probe, requireMachine } from './probe.js';
import { stopSandbox } from './processes.js';
import { findProgram } from './programs.js';
import { isAlive, readIfPresent, readProcessRecord } from './record.js';
import { ENVIRONMENT, environment, sandboxOptions } from './sandbox.js';
import {
  makeScratch,
  readExit,
  removeIfPresent,
  removeScratch,
  type Scratch,
  scratchOf,
  writeScratch,
} from './scratch.js';
import { checkSpec } from './spec.js';

export interface LocalOptions {
  /** Where bwrap and prlimit are looked for, and what else is read of the operator's environment. Default: process.env. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The operator's home, which no bottle may be given. Default: os.homedir(). */
  readonly home?: string;
  /** The root of all bottles' state, which no bottle may be given. Default: state-paths' stateRoot(). */
  readonly stateRoot?: string;
}

const CAPABILITIES: Capabilities = {
  isolation: 'namespaces',
  network: 'none',
  attach: false,
  resize: true,
  images: false,
  workspaces: ['empty', 'mount', 'copy'],
  environment: ENVIRONMENT,
};

/** Exit code for a sandbox that was not built, as Docker has it; the terminal says why. */
const NOT_BUILT = 125;

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
      checkSpec(spec);
      resolveMounts(spec, forbidden);
      requireMachine(env);
      writePreparation(spec);
      return { spec };
    },

    async launch(prepared, host) {
      const { spec } = prepared;
      const { state } = await this.status(spec);
      if (state === 'running') throw new BackendError('already-running', `${spec.identity} runs already`);
      if (state === 'absent') throw new BackendError('not-prepared', `${spec.identity} was not prepared`);
      return open(spec, launchCommand(prepared, forbidden, env), host);
    },

    async attach(ref) {
      const { state } = await this.status(ref);
      if (state !== 'running') throw new BackendError('not-running', `${ref.identity} does not run`);
      throw new BackendError('unsupported', `${ref.identity} runs under its own keeper; attach through that`);
    },

    status: async ref => statusOf(ref),

    async stop(ref, { graceMs }) {
      const sandbox = readProcessRecord(scratchOf(ref).record);
      if (sandbox !== null && isAlive(sandbox)) await stopSandbox(sandbox, graceMs);
    },

    async destroy(ref) {
      await this.stop(ref, { graceMs: 0 });
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

function shellIn(): string {
  return findProgram('bash') ?? '/bin/sh';
}

function writePreparation(spec: BottleSpec): void {
  const scratch = scratchOf(spec);
  makeScratch(scratch);
  for (const [name, text] of Object.entries(etcFiles(spec.identity, spec.home.target, shellIn()))) {
    writeScratch(scratch.etc(name), text, 0o644);
  }
  writeScratch(scratch.filter, requireMachine({}).filter);
  writeScratch(scratch.prepared, `${spec.identity}\n`);
}

function launchCommand(
  { spec }: PreparedBottle,
  forbidden: Forbidden,
  env: LocalOptions['env'] = {},
): TerminalCommand {
  const { bwrap } = requireMachine(env);
  const scratch = scratchOf(spec);
  const etc = Object.keys(etcFiles(spec.identity, '', '')).map(name => [name, scratch.etc(name)]);
  const options = sandboxOptions({
    identity: spec.identity,
    mounts: resolveMounts(spec, forbidden),
    etc: Object.fromEntries(etc),
    env: environment(spec, shellIn()),
    tmpBytes: spec.limits.tmpBytes ?? DEFAULT_LIMITS.tmpBytes,
    egressSocket: spec.egressSocket,
  });
  for (const file of [scratch.exit, scratch.status]) removeIfPresent(file);
  writeScratch(scratch.options, options.map(option => `${option}\0`).join(''));
  const files = [scratch.record, scratch.status, scratch.options, scratch.filter];
  return {
    file: shellIn(),
    args: ['-c', LAUNCH_SCRIPT, 'bot-bottle', ...files, bwrap, '--', ...limitedCommand(spec, env['PATH'])],
    env: {},
    cwd: '/',
  };
}

function open(spec: BottleSpec, command: TerminalCommand, host: LaunchHost): RunningBottle {
  const terminal = host.openTerminal(command);
  const scratch = scratchOf(spec);
  const exited = new Promise<ExitStatus>(resolve => {
    terminal.onExit(({ code }) => {
      const exit = { code: wasBuilt(scratch) ? code : NOT_BUILT };
      // A bottle that was destroyed meanwhile has no folder to remember this in.
      if (readIfPresent(scratch.prepared) !== null) writeScratch(scratch.exit, JSON.stringify(exit));
      resolve(exit);
    });
  });
  return { pid: terminal.pid, terminal, exited };
}

/** bubblewrap reports an exit code only of a command that it has started. */
function wasBuilt(scratch: Scratch): boolean {
  return readIfPresent(scratch.status)?.includes('"exit-code"') ?? true;
}
