/**
 * Folder handles. Node has no openat(2), but on Linux `/proc/self/fd/<fd>/<name>` is resolved from the open folder
 * itself (proc(5)), so whatever is done through `at` happens in that folder, also after its path was moved or swapped.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { asDurableFsError, DurableFsError, errnoOf } from './errors.js';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;
/** open(2); the same on every architecture that Node supports, but not among Node's constants. */
const O_PATH = 0o10000000;

/** A name inside a folder. In trees of others it is bytes, since a name need not be UTF-8. */
export type Name = string | Buffer;

/** The path of `name` seen from an open folder. */
export function at(folder: number, name: Name): Name {
  const prefix = `/proc/self/fd/${folder}/`;
  return typeof name === 'string' ? prefix + name : Buffer.concat([Buffer.from(prefix), name]);
}

/** The open file or folder itself, as a path: for what Node offers by path only. */
export function itself(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

let supported = false;

/** Throws 'unsupported-platform' where there are no folder handles. `proc` is replaced in tests. */
export function requireHandles(path: string, proc = '/proc'): void {
  if (supported && proc === '/proc') return;
  try {
    statSync(`${proc}/self/fd/`);
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw asDurableFsError('use', `${proc}/self/fd`, cause);
    const message = `durable-fs needs Linux with ${proc} mounted: there is no ${proc}/self/fd here`;
    throw new DurableFsError('unsupported-platform', path, message, cause);
  }
  supported ||= proc === '/proc';
}

/** Splits a path into the folder to open and the name to use in it. */
export function splitPath(path: string): { full: string; folder: string; name: string } {
  requireHandles(path);
  // Also drops a trailing slash, which would make O_NOFOLLOW follow a link.
  const full = resolve(path);
  const name = basename(full);
  if (path === '' || name === '' || path.includes('\0')) {
    throw new DurableFsError('bad-path', path, `not a path of a file or folder: ${JSON.stringify(path)}`);
  }
  return { full, folder: dirname(full), name };
}

/** Opens a real folder, never through a link at its last name. Throws the system's error. */
export function openFolder(path: Name): number {
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Opens a folder without the right to read it, just to hold it. Throws the system's error. */
export function holdFolder(path: Name): number {
  return openSync(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

/** Opens the folder that `path` lies in. Throws 'absent', 'not-a-folder', 'bad-path' or 'io'. */
export function openParent(path: string): { parent: number; name: string } {
  const { folder, name } = splitPath(path);
  try {
    return { parent: openFolder(folder), name };
  } catch (cause) {
    throw asDurableFsError('open the folder', folder, cause);
  }
}

/** As `openParent`, but null where the folder is absent. */
export function openParentOrAbsent(path: string): { parent: number; name: string } | null {
  try {
    return openParent(path);
  } catch (error) {
    if (error instanceof DurableFsError && error.code === 'absent') return null;
    throw error;
  }
}

/** The names in an open folder, as bytes. */
export function listFolder(folder: number): Buffer[] {
  return readdirSync(itself(folder), { encoding: 'buffer' });
}

/** Device and inode: the same text means the same folder. */
export function identityOf(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}

/**
 * The mount that an open file lies on. The device number alone does not tell a bind mount of the same file system
 * from its surroundings; the mount id of proc_pid_fdinfo(5) does.
 */
export function mountOf(fd: number): string {
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
  return `${fstatSync(fd).dev}:${/^mnt_id:\s*(\d+)/m.exec(info)?.[1] ?? ''}`;
}

/** Runs a system call that may find nothing there: null for ENOENT. */
export function orAbsent<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Closes what was opened; for `finally`, so it never hides the error on its way. */
export function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Nothing is lost: what had to reach the disk was synced before, and the descriptor is gone either way (close(2)).
  }
}
