import { constants, existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackendError, realOf } from '@bot-bottle/backend';
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
 * Kills every process that has this file open for writing, and returns when none has. The launch script opens the filter so,
 * and nobody else does: a backup reads it. Each process is looked at right before it is killed, so a number is never a stranger's.
 * @throws BackendError `stop-failed`
 */
export async function killHolders(file: string): Promise<void> {
  const wanted = wantedOf(file);
  for (const until = performance.now() + KILL_TIMEOUT; ; await sleep(POLL)) {
    const holders = processes().filter(pid => {
      const found = holds(pid, wanted);
      if (found) send(pid, 'SIGKILL');
      return found;
    });
    if (holders.length === 0) return;
    if (performance.now() >= until) {
      throw new BackendError(
        'stop-failed',
        `process ${holders[0]} still runs ${KILL_TIMEOUT} ms after SIGKILL`,
      );
    }
  }
}

function processes(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

interface Wanted {
  readonly path: string;
  /** Null: nothing is there any more. */
  readonly inode: string | null;
}

/**
 * By name, also of an earlier preparation, whose file the next one has replaced. And by its number: the link of a file that was opened in
 * a mount namespace which is gone, as that of a launch by root, starts at the file's mount and not at the root.
 */
function wantedOf(file: string): Wanted {
  const path = realOf(file);
  return { path, inode: inodeOf(path) };
}

/** False as well for another user's process: it is none of ours. */
function holds(pid: number, wanted: Wanted): boolean {
  const folder = `/proc/${pid}/fd`;
  const fds = unlessGone(() => readdirSync(folder)) ?? [];
  return fds.some(
    fd => unlessGone(() => isWanted(`${folder}/${fd}`, wanted) && isWritable(pid, fd)) ?? false,
  );
}

function isWanted(fd: string, { path, inode }: Wanted): boolean {
  const link = readlinkSync(fd).replace(/ \(deleted\)$/, '');
  if (link === path) return true;
  // Others are not looked at: that of a network's file may wait for its server.
  return inode !== null && basename(link) === basename(path) && inodeOf(fd) === inode;
}

function inodeOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/** A process, or one of its files, may be gone meanwhile, the others of its files not. */
function unlessGone<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return null;
    throw error;
  }
}

/** proc_pid_fdinfo(5): the flags stand there in octal. */
function isWritable(pid: number, fd: string): boolean {
  const [, flags = '0'] = /^flags:\s*(\d+)$/m.exec(readIfPresent(`/proc/${pid}/fdinfo/${fd}`) ?? '') ?? [];
  return (Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR)) !== 0;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
