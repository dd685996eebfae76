import { closeSync, constants, fstatSync, openSync, readSync, watch } from 'node:fs';
import { readLease } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { rotatedLog } from '../keeper/terminal-log.js';

export interface FollowOptions {
  /** Go on until the session ends; by default stop at the end of what is there. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

const CHUNK = 64 * 1024;
/** Milliseconds between two looks where nothing was written: the keeper's end writes nothing to the log. */
const LOOK_MS = 250;

/**
 * What the bottle's terminal showed, as raw bytes: control sequences included, which only a terminal may get. Yields
 * nothing where there is no log. Followed, it ends with the session, also when its keeper was killed.
 */
export async function* followLog(
  paths: BottlePaths,
  options: FollowOptions = {},
): AsyncGenerator<Uint8Array> {
  yield* older(paths.terminalLog);
  let fd = openLog(paths.terminalLog);
  if (fd === null) {
    return;
  }
  try {
    for (;;) {
      // Looked at first: what was written before the end is read after it.
      const live = options.follow === true && readLease(paths).state === 'alive';
      yield* rest(fd);
      const next = openLog(paths.terminalLog);
      if (next !== null && !isSame(next, fd)) {
        yield* rest(fd);
        closeSync(fd);
        fd = next;
        continue;
      }
      if (next !== null) {
        closeSync(next);
      }
      if (!live || options.signal?.aborted) {
        return;
      }
      await changed(paths.terminalLog, options.signal);
    }
  } finally {
    closeSync(fd);
  }
}

function* older(path: string): Generator<Uint8Array> {
  const fd = openLog(rotatedLog(path));
  if (fd !== null) {
    try {
      yield* rest(fd);
    } finally {
      closeSync(fd);
    }
  }
}

function* rest(fd: number): Generator<Uint8Array> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK);
    const length = readSync(fd, buffer);
    if (length === 0) {
      return;
    }
    yield buffer.subarray(0, length);
  }
}

function openLog(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

function isSame(one: number, other: number): boolean {
  const [a, b] = [fstatSync(one, { bigint: true }), fstatSync(other, { bigint: true })];
  return a.dev === b.dev && a.ino === b.ino;
}

/** Resolves when the file may have changed, when it is time to look anyway, or when the signal says so. */
function changed(path: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer);
      watcher?.close();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, LOOK_MS);
    const watcher = watchOrNull(path, done);
    signal?.addEventListener('abort', done);
  });
}

/** Null where the file is gone, or the machine has no watch left to give: then only the time counts. */
function watchOrNull(path: string, onChange: () => void): { close(): void } | null {
  try {
    return watch(path, onChange).on('error', onChange);
  } catch {
    return null;
  }
}
