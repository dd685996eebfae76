import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { asDurableFsError, DurableFsError } from './errors.js';
import { at, close, itself, openParent, orAbsent } from './handle.js';
import { run, runSync, type SyncPoints } from './sync-points.js';
import { discard, temporaryName } from './temporary.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

export interface WriteOptions {
  /** Permission bits, whatever the umask. Default: those of the file that is replaced, else 0o644. */
  mode?: number | undefined;
}

/**
 * Puts a whole file in place of what `path` names, or of nothing. When it returns, the new file survives a power cut;
 * when it throws, and at any moment in between, a reader finds the old file whole or the new one whole. A link at
 * `path` is itself replaced, never followed. The folder must exist and must not be a link.
 *
 * Throws 'absent' or 'not-a-folder' (the folder), 'not-a-file' (`path` is a folder), 'io' (the old file is intact) or
 * 'not-confirmed' (the new file is in place, but the disk did not say that the rename is).
 */
export function replaceFile(
  path: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  return run(replacing(path, data, options));
}

/** As `replaceFile`, but blocks until the file is on the disk. */
export function replaceFileSync(path: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  runSync(replacing(path, data, options));
}

/**
 * Creates a whole file where nothing is yet: of many callers at once, one wins. Throws 'exists' for the others, and
 * else as `replaceFile`. It appears under its name only when it is whole. Default mode 0o644.
 */
export function createFile(
  path: string,
  data: string | Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  return run(creating(path, data, options));
}

function* replacing(path: string, data: string | Uint8Array, options: WriteOptions): SyncPoints<void> {
  const { parent, name } = openParent(path);
  try {
    const temporary = yield* writeTemporary(parent, name, data, options.mode ?? modeOf(parent, name));
    try {
      renameSync(at(parent, temporary), at(parent, name));
    } catch (error) {
      discard(parent, temporary);
      throw error;
    }
    yield* confirm(parent, path);
  } catch (cause) {
    throw asDurableFsError('replace', path, cause);
  } finally {
    close(parent);
  }
}

function* creating(path: string, data: string | Uint8Array, options: WriteOptions): SyncPoints<void> {
  const { parent, name } = openParent(path);
  try {
    const temporary = yield* writeTemporary(parent, name, data, options.mode ?? 0o644);
    try {
      // link(2), unlike rename(2), never replaces.
      linkSync(at(parent, temporary), at(parent, name));
    } finally {
      discard(parent, temporary);
    }
    yield* confirm(parent, path);
  } catch (cause) {
    throw asDurableFsError('create', path, cause);
  } finally {
    close(parent);
  }
}

/** Writes a new file beside its place and returns its name; leaves nothing behind when it fails. */
function* writeTemporary(
  folder: number,
  name: string,
  data: string | Uint8Array,
  mode: number,
): SyncPoints<string> {
  const temporary = temporaryName(name);
  yield* writeNew(folder, temporary, data, mode);
  return temporary;
}

/** Writes a new file, in full and synced; leaves nothing behind when it fails. */
export function* writeNew(
  folder: number,
  name: string,
  data: string | Uint8Array,
  mode: number,
): SyncPoints<void> {
  let file: number | null = openSync(at(folder, name), O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode);
  try {
    writeFully(file, typeof data === 'string' ? Buffer.from(data) : data);
    // The umask may have taken bits away.
    if ((fstatSync(file).mode & 0o7777) !== mode) fchmodSync(file, mode);
    yield file;
    const written = file;
    file = null;
    closeSync(written);
  } catch (error) {
    if (file !== null) close(file);
    discard(folder, name);
    throw error;
  }
}

/** write(2) may take fewer bytes than it was given and still succeed, as on a disk that is nearly full. */
export function writeFully(file: number, data: Uint8Array, position = 0): void {
  let written = 0;
  while (written < data.length) {
    const count = writeSync(file, data, written, data.length - written, position + written);
    if (count === 0)
      throw new DurableFsError('io', itself(file), 'write(2) took no byte, and did not say why');
    written += count;
  }
}

/** The last step: makes the new name itself survive a power cut (fsync(2), NOTES). */
export function* confirm(folder: number, path: string): SyncPoints<void> {
  try {
    yield folder;
  } catch (cause) {
    const message = `${path} is in place, but its folder could not be synced: a power cut may undo it`;
    throw new DurableFsError('not-confirmed', path, message, cause);
  }
}

function modeOf(folder: number, name: string): number {
  const old = orAbsent(() => lstatSync(at(folder, name)));
  return old?.isFile() ? old.mode & 0o777 : 0o644;
}
