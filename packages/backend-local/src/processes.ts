import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackendError } from '@bot-bottle/backend';
import { isAlive, type ProcessRecord, readIfPresent } from './record.js';

/** Milliseconds that the kernel gets to remove killed processes. */
const KILL_TIMEOUT = 10_000;
/** Milliseconds after which a sandbox whose first process was killed is killed as a whole. */
const INIT_TIMEOUT = 1_000;
const POLL = 10;

/**
 * Ends a sandbox: SIGTERM to the agent, SIGHUP at half of the grace time (an interactive shell ignores the first), then
 * SIGKILL to the namespace's first process, with which the kernel ends every other in it.
 */
export async function stopSandbox(sandbox: ProcessRecord, graceMs: number): Promise<void> {
  if (graceMs > 0) {
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
      for (const init of childrenOf(sandbox.pid)) for (const pid of childrenOf(init)) send(pid, signal);
      if (await ended(sandbox, graceMs / 2)) return;
    }
  }
  if (!isAlive(sandbox)) return;
  for (const init of childrenOf(sandbox.pid)) send(init, 'SIGKILL');
  if (await ended(sandbox, INIT_TIMEOUT)) return;
  // Without a first process yet (still in its set-up), or one that does not go: --die-with-parent does the rest.
  send(sandbox.pid, 'SIGKILL');
  if (!(await ended(sandbox, KILL_TIMEOUT))) {
    throw new BackendError(
      'stop-failed',
      `process ${sandbox.pid} still runs ${KILL_TIMEOUT} ms after SIGKILL`,
    );
  }
}

async function ended(sandbox: ProcessRecord, milliseconds: number): Promise<boolean> {
  for (const until = performance.now() + milliseconds; isAlive(sandbox); await sleep(POLL)) {
    if (performance.now() >= until) return false;
  }
  return true;
}

/** True when a child of a child of this process runs: bubblewrap, the namespace's first process, the agent. */
export function hasGrandchild(pid: number): boolean {
  return !LISTED || childrenOf(pid).some(child => childrenOf(child).length > 0);
}

/** A kernel without CONFIG_PROC_CHILDREN lists nobody: there a launch is not waited for, and a stop does not ask first. */
const LISTED = existsSync('/proc/thread-self/children');

function childrenOf(pid: number): number[] {
  const text = readIfPresent(`/proc/${pid}/task/${pid}/children`) ?? '';
  return text.split(' ').filter(Boolean).map(Number);
}

/**
 * Kills every process that has this file open. bubblewrap keeps its status file open from the first moment on, so this finds
 * what a killed launch left at a point where nothing else knows of it; no other program has the file.
 */
export function killHolders(file: string): void {
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (Number.isInteger(pid) && pid !== process.pid && holds(pid, file)) send(pid, 'SIGKILL');
  }
}

function holds(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some(fd => readlinkSync(`${folder}/${fd}`) === file);
  } catch {
    // Ended meanwhile, or another user's: then it is none of ours.
    return false;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
