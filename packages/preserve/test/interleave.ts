// Another process at every point of an operation: each synchronous file-system call of the operation is one point.
import fs from 'node:fs';

type Call = (...args: unknown[]) => unknown;

const calls = fs as unknown as Record<string, Call>;
const names = Object.keys(fs).filter(name => /^(?!_).*Sync$/.test(name));

/** Runs `other` just before the n-th call (from 1) of `work`. Whether there was such a call. */
export async function interrupt(n: number, other: () => void, work: () => unknown): Promise<boolean> {
  let count = 0;
  const originals = names.map(name => [name, calls[name]] as const);
  for (const [name, original] of originals) {
    if (original === undefined) continue;
    calls[name] = (...args) => {
      count += 1;
      if (count === n) {
        // What the other one does is its own business, not a point of ours.
        restore();
        other();
      }
      return original(...args);
    };
  }
  const restore = () => {
    for (const [name, original] of originals) if (original !== undefined) calls[name] = original;
  };
  try {
    await work();
  } finally {
    restore();
  }
  return count >= n;
}

/** Interrupts `work` at each of its calls, on a fresh state each time; returns how many there were. */
export async function atEachCall(round: {
  setup: () => void | Promise<void>;
  work: () => unknown;
  other: () => void;
  check: () => void | Promise<void>;
}): Promise<number> {
  for (let n = 1; ; n += 1) {
    await round.setup();
    const fired = await interrupt(n, round.other, round.work);
    if (!fired) return n - 1;
    await round.check();
  }
}
