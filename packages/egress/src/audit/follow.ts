import { closeSync, fstatSync, lstatSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import { LineReader, openLog, type ReadOptions } from './read.js';
import type { AuditRecord } from './record.js';

/** Milliseconds between two looks where nothing was heard: a watch may be refused, or its file system carries no events. */
const LOOK_MS = 250;

export interface FollowOptions extends ReadOptions {
  /** Ends it, once what was written until then is read. */
  readonly signal: AbortSignal;
}

/**
 * The records of an audit log, and each further one as it is written. The file may appear later; where it is moved away, its successor is read
 * from the start.
 * @throws EgressError `bad-audit` where the file cannot be read; a bad line is skipped
 */
export async function* followAuditLog(
  file: string,
  { signal, ...options }: FollowOptions,
): AsyncGenerator<AuditRecord, void, undefined> {
  for (;;) {
    const fd = openLog(file);
    if (fd !== null) {
      try {
        const lines = new LineReader(file, fd, options);
        for (;;) {
          // Looked at before the read: what was written until then is in it.
          const over = signal.aborted || !hasItsName(fd, file);
          yield* lines.complete();
          if (over) break;
          await changed(file, signal);
        }
        yield* lines.rest();
      } finally {
        closeSync(fd);
      }
    }
    if (signal.aborted) return;
    if (fd === null) await changed(file, signal);
  }
}

function hasItsName(fd: number, file: string): boolean {
  const [own, there] = [fstatSync(fd), lstatSync(file, { throwIfNoEntry: false })];
  return there !== undefined && own.dev === there.dev && own.ino === there.ino;
}

/** Resolves when the file may have changed, when it is time to look anyway, or when the signal says so. */
function changed(file: string, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer);
      watcher?.close();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, LOOK_MS);
    const watcher = watchOrNull(file, done) ?? watchOrNull(dirname(file), done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** Null where there is nothing to watch yet, or the machine has no watch left to give: then only the time counts. */
function watchOrNull(path: string, onChange: () => void): { close(): void } | null {
  try {
    return watch(path, onChange).on('error', onChange);
  } catch {
    return null;
  }
}
