import { fchmodSync, fsyncSync, lstatSync, mkdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { asDurableFsError, DurableFsError, errnoOf } from './errors.js';
import { at, close, openFolder, openParent, openParentOrAbsent } from './handle.js';
import { confirm } from './replace-file.js';
import { run, runSync, type SyncPoints } from './sync-points.js';

export interface FolderOptions {
  /** Permission bits of a folder that is created, whatever the umask. Default 0o700. */
  mode?: number | undefined;
}

/**
 * Creates one folder: of many callers at once, one wins, and its folder survives a power cut.
 * Throws 'exists' for the others, 'absent' or 'not-a-folder' where the folder above is not there, 'io', 'not-confirmed'.
 */
export function createFolder(path: string, options: FolderOptions = {}): void {
  runSync(creating(path, options));
}

/** As `createFolder`, but a folder that is there already is fine, as it is. A link to one is not: 'not-a-folder'. */
export function ensureFolder(path: string, options: FolderOptions = {}): void {
  try {
    createFolder(path, options);
  } catch (error) {
    if (!(error instanceof DurableFsError) || error.code !== 'exists') throw error;
    if (isRealFolder(path)) return;
    throw new DurableFsError('not-a-folder', path, `${path} is there but is not a folder`, error);
  }
}

/**
 * Removes a file, or a link itself. Absent is fine: true if it was there. When it returns, a power cut does not bring
 * it back. Throws 'not-a-file' for a folder, 'io', 'not-confirmed'.
 */
export function removeFile(path: string): Promise<boolean> {
  return run(removing(path));
}

function* creating(path: string, { mode = 0o700 }: FolderOptions): SyncPoints<void> {
  const { parent, name } = openParent(path);
  try {
    mkdirSync(at(parent, name), { mode });
    try {
      // The umask may have taken bits away.
      const folder = openFolder(at(parent, name));
      try {
        fchmodSync(folder, mode);
        fsyncSync(folder);
      } finally {
        close(folder);
      }
    } catch (error) {
      rmdirSync(at(parent, name));
      throw error;
    }
    yield* confirm(parent, path);
  } catch (cause) {
    throw asDurableFsError('create the folder', path, cause);
  } finally {
    close(parent);
  }
}

function* removing(path: string): SyncPoints<boolean> {
  const opened = openParentOrAbsent(path);
  if (opened === null) return false;
  const { parent, name } = opened;
  try {
    const there = unlinkIfThere(parent, name);
    // Also when it was not there: who removed it may have been killed before it could sync.
    yield* confirm(parent, path);
    return there;
  } catch (cause) {
    throw asDurableFsError('remove', path, cause);
  } finally {
    close(parent);
  }
}

function unlinkIfThere(parent: number, name: string): boolean {
  try {
    unlinkSync(at(parent, name));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function isRealFolder(path: string): boolean {
  const { parent, name } = openParent(path);
  try {
    return lstatSync(at(parent, name)).isDirectory();
  } catch (cause) {
    throw asDurableFsError('look at', path, cause);
  } finally {
    close(parent);
  }
}
