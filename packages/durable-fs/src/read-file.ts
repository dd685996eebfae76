import { isUtf8 } from 'node:buffer';
import { constants, fstatSync, openSync, readSync } from 'node:fs';
import { asDurableFsError, DurableFsError, errnoOf } from './errors.js';
import { close, splitPath } from './handle.js';

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** What a read may take when the caller does not say: 16 MiB. */
export const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;

/** Absolute, without NUL, no slash at the end: whoever reads ten thousand records need not have each path resolved. */
const READY = /^\/[^\0]*[^\0/]$/;

/** A file smaller than this, as nearly every one is, costs one read and no question to the disk about it. */
const SCRATCH = Buffer.allocUnsafeSlow(16 * 1024);

export interface ReadOptions {
  /** Default 16 MiB. */
  maxBytes?: number | undefined;
}

/**
 * The text of a regular file, or null where there is none. Never follows a link at `path`, never waits on a FIFO.
 * Throws 'not-a-file', 'too-large', 'not-text' (not UTF-8), 'not-a-folder' or 'io'.
 */
export function readFileOrAbsent(path: string, options: ReadOptions = {}): string | null {
  const bytes = readBytesOrAbsent(path, options);
  if (bytes === null) return null;
  if (!isUtf8(bytes)) throw new DurableFsError('not-text', path, `${path} is not UTF-8 text`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

/** As `readFileOrAbsent`, but the bytes as they are. */
export function readBytesOrAbsent(path: string, options: ReadOptions = {}): Uint8Array | null {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  const full = READY.test(path) ? path : splitPath(path).full;
  let file: number;
  try {
    file = openSync(full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    // ELOOP: a link. ENXIO: a socket, or a device without a driver.
    if (errnoOf(cause) === 'ELOOP' || errnoOf(cause) === 'ENXIO') throw notAFile(path, cause);
    throw asDurableFsError('read', path, cause);
  }
  try {
    return readSmall(file, maxBytes, path) ?? readLarge(file, maxBytes, path);
  } catch (cause) {
    throw asDurableFsError('read', path, cause);
  } finally {
    close(file);
  }
}

/**
 * The file where one read gives some of it and not all that was asked for: then that was the end. A read from a position
 * fails on a FIFO, a socket, a terminal and a folder (pread(2)), and a device gives nothing or all that is asked. Null: look closer.
 */
function readSmall(file: number, maxBytes: number, path: string): Uint8Array | null {
  let length: number;
  try {
    length = readSync(file, SCRATCH, 0, SCRATCH.length, 0);
  } catch {
    // What it is, or what ails the disk, shows on the closer look.
    return null;
  }
  if (length === 0 || length === SCRATCH.length) return null;
  if (length > maxBytes) throw tooLarge(path, maxBytes);
  return Buffer.from(SCRATCH.subarray(0, length));
}

/** One byte more than expected tells the end of the file without another call, and a file that grew meanwhile. */
function readLarge(file: number, maxBytes: number, path: string): Uint8Array {
  const stat = fstatSync(file);
  if (!stat.isFile()) throw notAFile(path);
  const { size } = stat;
  if (size > maxBytes) throw tooLarge(path, maxBytes);
  let buffer = Buffer.allocUnsafe(size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(file, buffer, length, buffer.length - length, null);
    length += count;
    if (length > maxBytes) throw tooLarge(path, maxBytes);
    if (count === 0 || (length === size && length < buffer.length)) return buffer.subarray(0, length);
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length + 4096)]);
  }
}

function notAFile(path: string, cause?: unknown): DurableFsError {
  return new DurableFsError('not-a-file', path, `${path} is not a regular file`, cause);
}

function tooLarge(path: string, maxBytes: number): DurableFsError {
  return new DurableFsError('too-large', path, `${path} has more than ${maxBytes} bytes`);
}
