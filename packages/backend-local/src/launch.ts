import { setTimeout as sleep } from 'node:timers/promises';
import type { BottleSpec, ExitStatus, LaunchHost, RunningBottle, TerminalCommand } from '@bot-bottle/backend';
import {
  BackendError,
  type Forbidden,
  holdTerminal,
  type ResolvedMounts,
  resolveMounts,
} from '@bot-bottle/backend';
import { privateMounts } from './devices.js';
import { etcFiles } from './etc.js';
import { resolveFiles } from './files.js';
import { groupName, type LimitGroup } from './group.js';
import { LAUNCH_SCRIPT, START_GUARD } from './launcher.js';
import { DEFAULT_LIMITS, limitedCommand } from './limits.js';
import { type Environment, requireMachine } from './machine.js';
import { type NamelessFile, writeNameless } from './nameless-file.js';
import { hasGrandchild } from './processes.js';
import { findProgram } from './programs.js';
import { readIfPresent } from './record.js';
import { ADDRESS_FILE, environment, sandboxOptions } from './sandbox.js';
import {
  makeScratch,
  removeIfPresent,
  type Scratch,
  sawAgentEnd,
  scratchOf,
  writeScratch,
} from './scratch.js';
import { addressOf, WayOut } from './way-out.js';

/** Milliseconds between two looks at whether the agent has started. */
const POLL = 2;

/** Writes what a launch needs and no secret. */
export function writePreparation(spec: BottleSpec, env: Environment): void {
  const { filter } = requireMachine(env);
  const scratch = scratchOf(spec);
  makeScratch(scratch);
  for (const [name, text] of Object.entries(etcFiles(spec.identity, spec.home.target, shell()))) {
    writeScratch(scratch.etc(name), text, 0o644);
  }
  writeScratch(scratch.filter, filter);
  writeScratch(scratch.prepared, `${spec.identity}\n`);
}

export interface LaunchContext {
  readonly env: Environment;
  readonly forbidden: Forbidden;
  readonly group: LimitGroup;
  /** What the host opens. A pipe is for the probe, which nothing outlives. */
  readonly terminal: 'terminal' | 'pipe';
}

/**
 * Starts the sandbox and waits until the agent runs in it, or has run.
 * @throws BackendError `launch-failed`, `isolation-failed` with what bubblewrap said, or why its way out is not proven
 */
export async function launchSandbox(
  spec: BottleSpec,
  host: LaunchHost,
  context: LaunchContext,
): Promise<RunningBottle> {
  const scratch = scratchOf(spec);
  const mounts = resolveMounts(spec, context.forbidden);
  const { bwrap, nsenter } = requireMachine(context.env);
  const options = writeOptions(spec, scratch, mounts);
  let wayOut: WayOut | null = null;
  try {
    if (spec.egress !== undefined) wayOut = new WayOut(spec.egress, host, { nsenter, scratch });
    const paths = { bwrap, options: options.path, gate: wayOut?.gate ?? '-' };
    const command = launchCommand(spec, scratch, context, mounts, paths);
    return await runCommand(spec, scratch, host, context, command, wayOut);
  } finally {
    options.close();
    wayOut?.letGo();
  }
}

async function runCommand(
  spec: BottleSpec,
  scratch: Scratch,
  host: LaunchHost,
  context: LaunchContext,
  command: TerminalCommand,
  wayOut: WayOut | null,
): Promise<RunningBottle> {
  for (const file of [scratch.exit, scratch.status]) removeIfPresent(file);
  const { terminal, said } = holdTerminal(openTerminal(host, command));
  let exit: ExitStatus | undefined;
  const exited = new Promise<ExitStatus>(resolve => {
    terminal.onExit(status => {
      const name = groupName(spec);
      const ended: ExitStatus = context.group.ranOutOfMemory(name)
        ? { ...status, outOfMemory: true }
        : status;
      exit = ended;
      wayOut?.close();
      rememberExit(scratch, ended);
      // What is left of the group is reported by `destroy`, which tries again.
      const over = () => resolve(ended);
      context.group.leave(name).then(over, over);
    });
  });
  await wayOut?.open(() => exit !== undefined);
  while (exit === undefined && !hasGrandchild(terminal.pid)) await sleep(POLL);
  if (exit !== undefined && !sawAgentEnd(scratch)) {
    const reason = said().trim() || `it ended with ${exit.code} and said nothing`;
    throw new BackendError('isolation-failed', `the sandbox could not be built: ${reason}`);
  }
  return { pid: terminal.pid, terminal, exited };
}

/** For `status`, which tells no code otherwise. */
function rememberExit(scratch: Scratch, status: ExitStatus): void {
  // A bottle that was destroyed meanwhile has no folder to remember this in.
  if (readIfPresent(scratch.prepared) === null) return;
  try {
    writeScratch(scratch.exit, JSON.stringify(status));
  } catch {
    // A full disk: an agent that filled it must not keep its own end from being seen.
  }
}

function openTerminal(host: LaunchHost, command: TerminalCommand) {
  try {
    return host.openTerminal(command);
  } catch (cause) {
    throw new BackendError('launch-failed', `no terminal: ${(cause as Error).message}`, { cause });
  }
}

/** bubblewrap's options hold the agent's environment, secrets among it: neither a command line nor the state may show them. */
function writeOptions(spec: BottleSpec, scratch: Scratch, mounts: ResolvedMounts): NamelessFile {
  const options = sandboxOptions({
    identity: spec.identity,
    mounts,
    etc: Object.fromEntries(Object.keys(etcFiles('', '', '')).map(name => [name, scratch.etc(name)])),
    env: environment(spec, shell()),
    tmpBytes: limitsOf(spec).tmpBytes,
    files: resolveFiles(spec),
    gated: spec.egress !== undefined,
    devices: devicesFolder(scratch),
  });
  try {
    return writeNameless(options.map(option => `${option}\0`).join(''), scratch.folder);
  } catch (cause) {
    const message = `no file without a name in /dev/shm or ${scratch.folder}: ${(cause as Error).message}`;
    throw new BackendError('launch-failed', message, { cause });
  }
}

function launchCommand(
  spec: BottleSpec,
  scratch: Scratch,
  context: LaunchContext,
  { judged }: ResolvedMounts,
  paths: { readonly bwrap: string; readonly options: string; readonly gate: string },
): TerminalCommand {
  const devices = devicesFolder(scratch);
  const { prefix, env, folders } = context.group.enter(groupName(spec), limitsOf(spec));
  const [file = '', ...args] = [
    ...[...prefix, ...(devices === null ? [] : privateMounts(context.env['PATH']))],
    ...[shell(), '-c', LAUNCH_SCRIPT, 'bot-bottle'],
    ...[
      scratch.record,
      scratch.status,
      paths.options,
      scratch.filter,
      paths.bwrap,
      devices ?? '-',
      paths.gate,
    ],
    ...[`${folders.length}`, ...folders],
    ...['--', '/bin/sh', '-c', START_GUARD, 'bot-bottle', context.terminal],
    ...[spec.egress === undefined ? '-' : addressOf(spec.egress), ADDRESS_FILE],
    ...[findProgram('stat') ?? 'stat', `${judged.length}`, ...judged.flat()],
    ...limitedCommand(spec, context.env['PATH']),
  ];
  return { file, args, env, cwd: '/' };
}

function limitsOf(spec: BottleSpec) {
  return { ...DEFAULT_LIMITS, ...spec.limits };
}

/** Only root's bottles need devices of their own. */
function devicesFolder(scratch: Scratch): string | null {
  return process.getuid?.() === 0 ? scratch.devices : null;
}

/** bash, since it can close any descriptor; it is also the agent's SHELL. */
function shell(): string {
  return findProgram('bash') ?? '/bin/sh';
}
