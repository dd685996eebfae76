import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BottleSpec, ExitStatus, LaunchHost, RunningBottle, TerminalCommand } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { privateMounts } from './devices.js';
import { etcFiles } from './etc.js';
import type { LimitGroup } from './group.js';
import { holdTerminal } from './held.js';
import { LAUNCH_SCRIPT, START_GUARD } from './launcher.js';
import { DEFAULT_LIMITS, limitedCommand } from './limits.js';
import { type Environment, requireMachine } from './machine.js';
import { type Forbidden, resolveMounts } from './mounts.js';
import { hasGrandchild } from './processes.js';
import { findProgram } from './programs.js';
import { readIfPresent } from './record.js';
import { environment, sandboxOptions } from './sandbox.js';
import { makeScratch, removeIfPresent, type Scratch, scratchOf, writeScratch } from './scratch.js';

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
 * @throws BackendError `launch-failed`, `isolation-failed` with what bubblewrap said
 */
export async function launchSandbox(
  spec: BottleSpec,
  host: LaunchHost,
  context: LaunchContext,
): Promise<RunningBottle> {
  const scratch = scratchOf(spec);
  const command = launchCommand(spec, scratch, context);
  const { terminal, said } = holdTerminal(openTerminal(host, command));
  let exit: ExitStatus | undefined;
  const exited = new Promise<ExitStatus>(resolve => {
    terminal.onExit(status => {
      exit = status;
      // A bottle that was destroyed meanwhile has no folder to remember this in.
      if (readIfPresent(scratch.prepared) !== null) writeScratch(scratch.exit, JSON.stringify(status));
      void context.group.leave(spec.identity).finally(() => resolve(status));
    });
  });
  while (exit === undefined && !hasGrandchild(terminal.pid)) await sleep(POLL);
  if (exit !== undefined && !agentRan(scratch)) {
    const reason = said().trim() || `it ended with ${exit.code} and said nothing`;
    throw new BackendError('isolation-failed', `the sandbox could not be built: ${reason}`);
  }
  return { pid: terminal.pid, terminal, exited };
}

function openTerminal(host: LaunchHost, command: TerminalCommand) {
  try {
    return host.openTerminal(command);
  } catch (cause) {
    throw new BackendError('launch-failed', `no terminal: ${(cause as Error).message}`, { cause });
  }
}

function launchCommand(spec: BottleSpec, scratch: Scratch, context: LaunchContext): TerminalCommand {
  const { bwrap } = requireMachine(context.env);
  const limits = { ...DEFAULT_LIMITS, ...spec.limits };
  const devices = process.getuid?.() === 0 ? scratch.devices : null;
  const options = sandboxOptions({
    identity: spec.identity,
    mounts: resolveMounts(spec, context.forbidden),
    etc: Object.fromEntries(Object.keys(etcFiles('', '', '')).map(name => [name, scratch.etc(name)])),
    env: environment(spec, shell()),
    tmpBytes: limits.tmpBytes,
    egressSocket: spec.egressSocket,
    devices,
  });
  for (const file of [scratch.exit, scratch.status]) removeIfPresent(file);
  // Under this one name and no temporary one, so that a stop knows what to remove when this process is killed now.
  writeFileSync(scratch.options, options.map(option => `${option}\0`).join(''), { mode: 0o600, flag: 'wx' });
  const { prefix, env, folders } = context.group.enter(spec.identity, limits);
  const [file = '', ...args] = [
    ...[...prefix, ...(devices === null ? [] : privateMounts(context.env['PATH']))],
    ...[shell(), '-c', LAUNCH_SCRIPT, 'bot-bottle'],
    ...[scratch.record, scratch.status, scratch.options, scratch.filter, bwrap, devices ?? '-'],
    ...[`${folders.length}`, ...folders],
    ...['--', '/bin/sh', '-c', START_GUARD, 'bot-bottle', context.terminal],
    ...limitedCommand(spec, context.env['PATH']),
  ];
  return { file, args, env, cwd: '/' };
}

/** bash, since it can close any descriptor; it is also the agent's SHELL. */
function shell(): string {
  return findProgram('bash') ?? '/bin/sh';
}

/** bubblewrap reports an exit code only of a command that it has started. */
function agentRan(scratch: Scratch): boolean {
  return readIfPresent(scratch.status)?.includes('"exit-code"') ?? false;
}
