/** Kills a program, or makes a system call fail or wait, at every point where that can happen. */
import { BEGIN, END } from './programs.js';
import { type Trace, type TracedCall, type TraceOptions, trace, traceAsync } from './strace.js';

/** The calls in which `accessSync` shows; not every architecture has each of them. */
const MARK_CALLS = ['?access', '?faccessat', '?faccessat2'];

export interface Injection {
  /** What is run. Of a `program`, the fault falls into its operation; of another command, anywhere. */
  command: readonly string[];
  /** System calls to hit; each must be hit at least once. */
  syscalls: readonly string[];
  /** Brings back the state before the operation; called before each run. */
  setup?: () => void;
  /** Looks at what the fault left; throws (or fails an expectation) where it is not what was promised. */
  check: (hit: Hit) => void | Promise<void>;
  options?: Omit<TraceOptions, 'syscalls' | 'inject'>;
}

/** One run with one fault. */
export interface Hit extends Trace {
  syscall: string;
  /** The fault, in strace's terms. */
  fault: string;
}

/**
 * Kills the command (SIGKILL) as it enters each of its system calls, one run per call: so before each, and after each
 * but the last. Returns how many there were.
 */
export function killAtEachSyscall(injection: Injection): Promise<number> {
  return atEachSyscall(
    injection,
    'signal=KILL',
    ({ signal, status }) => signal === 'SIGKILL' || status === 137,
  );
}

/** Makes each system call fail with an error such as `ENOSPC`, one run per call. Returns how many there were. */
export function failEachSyscall(injection: Injection & { error: string }): Promise<number> {
  return atEachSyscall(injection, `error=${injection.error}`, ({ calls }) =>
    calls.some(call => call.injected),
  );
}

/**
 * Node opens and closes a file more or fewer, or wakes a thread (a write) once more, from one start to the next: where the n-th
 * call was missed, its neighbours are tried.
 */
const NEIGHBOURS = [0, 1, -1, 0, 1, -1, 2, 0];
const SHIFTS: Readonly<Record<string, readonly number[]>> = {
  openat: NEIGHBOURS,
  close: NEIGHBOURS,
  write: NEIGHBOURS,
};

async function atEachSyscall(
  injection: Injection,
  fault: string,
  fired: (run: Trace) => boolean,
): Promise<number> {
  const { command, syscalls, setup, check, options } = injection;
  const traced = { ...options, syscalls: [...syscalls, ...MARK_CALLS] };
  setup?.();
  const whole = trace(command, traced);
  const isProgram = whole.calls.some(isMark(BEGIN));
  let hits = 0;
  for (const syscall of syscalls) {
    const before = hits;
    for (const point of pointsOf(whole.calls, syscall)) {
      for (const shift of SHIFTS[syscall] ?? [0]) {
        setup?.();
        const inject = `${syscall}:${fault}:when=${Math.max(1, point + shift)}`;
        const run = trace(command, { ...traced, inject });
        // Another thread may come to its n-th call sooner, before the operation began, or some are made only at times.
        if (!fired(run) || (isProgram && !run.calls.some(isMark(BEGIN)))) continue;
        if (!isInside(run.calls, syscall)) continue;
        hits += 1;
        await check({ ...run, syscall, fault: inject });
        break;
      }
    }
    if (hits === before) throw new Error(`no ${fault} at any ${syscall} fired, so nothing was tested`);
  }
  return hits;
}

/** strace counts each thread's calls on their own, from its start: all n for which some thread's n-th lies inside. */
function pointsOf(calls: readonly TracedCall[], syscall: string): Set<number> {
  const begin = calls.findIndex(isMark(BEGIN));
  const end = calls.findIndex(isMark(END));
  const points = new Set<number>();
  const counts = new Map<number, number>();
  for (const [index, call] of calls.entries()) {
    const { thread, name } = call;
    if (name !== syscall) continue;
    const count = (counts.get(thread) ?? 0) + 1;
    counts.set(thread, count);
    if (index > begin && (end === -1 || index < end) && !isOfNode(call)) points.add(count);
  }
  return points;
}

/** A program's start and end (it writes its result, Node closes its files) are not what is tested. */
function isInside(calls: readonly TracedCall[], syscall: string): boolean {
  const begin = calls.findIndex(isMark(BEGIN));
  const end = calls.findIndex(isMark(END));
  const hit = calls.findIndex(call => call.injected && call.name === syscall);
  // Killed: the last call is the one that it fell into.
  const index = hit === -1 ? calls.length - 1 : hit;
  const call = calls[index];
  return call !== undefined && index > begin && (end === -1 || index < end) && !isOfNode(call);
}

/** Node 26 counts the processors (get_nprocs(3)) when it likes, also in the middle of the operation. */
function isOfNode({ args }: TracedCall): boolean {
  return /\/sys\/devices\/system\/cpu\b|\/proc\/stat\b/.test(args);
}

function isMark(mark: string): (call: TracedCall) => boolean {
  return call => call.args.includes(mark);
}

export interface Delay {
  command: readonly string[];
  /** Which call waits, and which one of that name in its thread (from 1). */
  syscall: string;
  nth: number;
  /** Default 1,500. */
  milliseconds?: number;
  /** Tells that the program stands just before the call. */
  until: () => boolean;
  /** What somebody else does in that moment. */
  meanwhile: () => void;
  options?: Omit<TraceOptions, 'syscalls' | 'inject'>;
}

/** Holds a program at one system call while something else happens, so that a race falls the same way every time. */
export async function delaySyscall(delay: Delay): Promise<Trace> {
  const { command, syscall, nth, milliseconds = 1500, until, meanwhile, options } = delay;
  const inject = `${syscall}:delay_enter=${milliseconds * 1000}:when=${nth}`;
  const traced = traceAsync(command, {
    ...options,
    syscalls: [syscall],
    inject,
  });
  let over = false;
  const watched = traced.finally(() => {
    over = true;
  });
  while (!until() && !over) await new Promise(resolve => setTimeout(resolve, 2));
  if (!over) meanwhile();
  const run = await watched;
  const calls = run.calls.filter(({ injected }) => injected);
  if (calls.length === 0) throw new Error(`the delay of ${syscall} never fired`);
  return run;
}
