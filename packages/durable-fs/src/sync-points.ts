import { fsync, fsyncSync } from 'node:fs';
import { promisify } from 'node:util';

/**
 * A change to the disk, written once for callers that wait and callers that block: it yields each descriptor that
 * must have reached the disk before it goes on.
 */
export type SyncPoints<T> = Generator<number, T, void>;

/** fsync(2), while the event loop runs on. */
export const sync = promisify(fsync);

/** Runs a change, and lets the event loop run while the disk works. */
export async function run<T>(change: SyncPoints<T>): Promise<T> {
  let step = change.next();
  while (!step.done) {
    try {
      await sync(step.value);
    } catch (error) {
      step = change.throw(error);
      continue;
    }
    step = change.next();
  }
  return step.value;
}

/** Runs a change and blocks until it is on the disk. */
export function runSync<T>(change: SyncPoints<T>): T {
  let step = change.next();
  while (!step.done) {
    try {
      fsyncSync(step.value);
    } catch (error) {
      step = change.throw(error);
      continue;
    }
    step = change.next();
  }
  return step.value;
}
