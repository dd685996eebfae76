import { readFileSync, readlinkSync } from 'node:fs';
import { asDurableFsError, DurableFsError, errnoOf } from './errors.js';

/** Which process, for good: its id alone is given out again after its end, and all of them after a reboot. */
export interface ProcessMark {
  readonly pid: number;
  /** When it started, in clock ticks since the boot (field 22 of proc_pid_stat(5)). */
  readonly startTime: number;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
  /** The PID namespace in which `pid` counts, such as `pid:[4026531836]` (namespaces(7)). */
  readonly pidNamespace: string;
}

export type ProcessState = 'alive' | 'dead' | 'unknown';

/** Where to look; replaced in tests. */
export interface ProcessOptions {
  /** Default `/proc`. */
  proc?: string;
  /** Whether the kernel knows the process, also where `/proc` hides it (hidepid). Default: kill(2) with signal 0. */
  exists?: (pid: number) => boolean;
}

let own: ProcessMark | null = null;

/** The mark of this process. Throws 'unsupported-platform' where `/proc` does not tell it. */
export function processMark(options: ProcessOptions = {}): ProcessMark {
  const { proc = '/proc' } = options;
  if (proc === '/proc' && own !== null) return own;
  const mark = {
    pid: process.pid,
    startTime: fromProc(proc, () => readStat(`${proc}/self/stat`).startTime),
    ...surroundings(proc),
  };
  if (proc === '/proc') own = mark;
  return mark;
}

/**
 * Whether the process of a mark still runs. A stopped one (SIGSTOP) is alive; a zombie is dead.
 * 'unknown': it lives, or lived, in another PID namespace of this boot, or `/proc` hides it.
 */
export function processState(mark: ProcessMark, options: ProcessOptions = {}): ProcessState {
  const { proc = '/proc', exists = knownToKernel } = options;
  const here = surroundings(proc);
  if (mark.bootId !== here.bootId) return 'dead';
  if (mark.pidNamespace !== here.pidNamespace) return 'unknown';
  try {
    const { state, startTime } = readStat(`${proc}/${mark.pid}/stat`);
    if (startTime !== mark.startTime || state === 'Z' || state === 'X') return 'dead';
    return 'alive';
  } catch (error) {
    // ESRCH: it ended between the open and the read.
    const gone = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH';
    return gone && !exists(mark.pid) ? 'dead' : 'unknown';
  }
}

function surroundings(proc: string): Pick<ProcessMark, 'bootId' | 'pidNamespace'> {
  if (proc === '/proc' && own !== null) return own;
  return fromProc(proc, () => ({
    bootId: readFileSync(`${proc}/sys/kernel/random/boot_id`, 'utf8').trim(),
    pidNamespace: readlinkSync(`${proc}/self/ns/pid`),
  }));
}

function fromProc<T>(proc: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const missing = ['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(cause) ?? '');
    if (!missing) throw asDurableFsError('read', proc, cause);
    const message = `durable-fs needs Linux with ${proc} mounted: it does not tell which process this is`;
    throw new DurableFsError('unsupported-platform', proc, message, cause);
  }
}

/** The second field is the program's name in parentheses and may itself hold any of ` ()`, so count from the last `)`. */
function readStat(path: string): { state: string; startTime: number } {
  const text = readFileSync(path, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], Number(fields[19])];
  if (state === undefined || !Number.isSafeInteger(startTime))
    throw new Error(`not a process's stat: ${path}`);
  return { state, startTime };
}

function knownToKernel(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
