/** Runs a command under strace(1) and reads what it logged. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, type RunOptions, run, runAsync } from './programs.js';
import { temporaryFolder } from './temporary-folder.js';

/** One system call, as strace printed it; file descriptors carry their path: `fsync(21</tmp/x>)`. */
export interface TracedCall {
  thread: number;
  name: string;
  args: string;
  /** What stands after the `=`. Null: it never returned. */
  result: string | null;
  /** The log says that the fault was injected here, by strace's own word for it. */
  injected: boolean;
}

export interface Trace extends Outcome {
  calls: TracedCall[];
}

export interface TraceOptions extends RunOptions {
  /** Names of the system calls to log, or strace's classes such as `%file`. */
  syscalls: readonly string[];
  /** strace's injection, such as `fsync:error=EIO:when=2`. */
  inject?: string;
}

let folder: string | null = null;

/** Runs a command under strace, its children and threads too. */
export function trace(command: readonly string[], options: TraceOptions): Trace {
  const { full, finish } = prepare(command, options);
  return finish(run(full, forStrace(options)));
}

/** As `trace`, without blocking. */
export async function traceAsync(command: readonly string[], options: TraceOptions): Promise<Trace> {
  const { full, finish } = prepare(command, options);
  return finish(await runAsync(full, forStrace(options)));
}

function prepare(command: readonly string[], { syscalls, inject }: TraceOptions) {
  folder ??= temporaryFolder({ memory: true });
  const log = join(mkdtempSync(join(folder, 'trace-')), 'log');
  const faults = inject === undefined ? [] : ['-e', `inject=${inject}`];
  const full = [
    'strace',
    '-f',
    '-qq',
    '-y',
    '-s',
    '64',
    '-e',
    `trace=${syscalls.join(',')}`,
    ...faults,
    '-o',
    log,
  ];
  const finish = (outcome: Outcome): Trace => {
    const text = readFileSync(log, 'utf8');
    rmSync(join(log, '..'), { recursive: true });
    // strace itself failed, rather than what it ran.
    if (/^strace: /m.test(outcome.stderr)) throw new Error(outcome.stderr);
    return { ...outcome, calls: parseTrace(text) };
  };
  return { full: [...full, '--', ...command], finish };
}

/** One worker thread, so that the n-th call is the same call each time. */
function forStrace(options: TraceOptions): RunOptions {
  return { ...options, env: { UV_THREADPOOL_SIZE: '1', ...options.env } };
}

/** Reads a log of `strace -f`. A call that another thread interrupted is put together again, where it began. */
export function parseTrace(text: string): TracedCall[] {
  const calls: TracedCall[] = [];
  const unfinished = new Map<string, TracedCall>();
  for (const line of text.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    if (resumed) {
      const call = unfinished.get(`${thread} ${resumed[1]}`);
      if (call) complete(call, call.args + resumed[2]);
      continue;
    }
    const [, name, tail = ''] = /^(\w+)\((.*)$/.exec(rest) ?? [];
    if (name === undefined) continue;
    const call: TracedCall = { thread: Number(thread), name, args: '', result: null, injected: false };
    calls.push(call);
    if (tail.endsWith(' <unfinished ...>')) {
      call.args = tail.slice(0, -' <unfinished ...>'.length);
      unfinished.set(`${thread} ${name}`, call);
    } else complete(call, tail);
  }
  return calls;
}

function complete(call: TracedCall, text: string): void {
  const [, args = text, result] = /^(.*)\)\s+= (.*)$/.exec(text) ?? [];
  call.args = args;
  call.result = result === undefined || result.startsWith('?') ? null : result;
  call.injected = /\((INJECTED|DELAYED|INJECTED, DELAYED)\)$/.test(text);
}
