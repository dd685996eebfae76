// A folder held by a handle: what is done through it stays in that very folder, wherever its name points by then.
import { closeSync, constants, fstatSync, fsyncSync, lstatSync, openSync, readdirSync } from 'node:fs';

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

export interface Folder {
  /** A path for one name in this folder; no link on the way to it can be followed (proc(5), `/proc/self/fd`). */
  child(name: string): string;
  names(): string[];
  /** Whether `path` names this very folder now (device and inode). */
  isAt(path: string): boolean;
  sync(): void;
  close(): void;
}

/** Opens a real folder; null when nothing is there. A link or a file in its place throws ENOTDIR or ELOOP. */
export function openFolder(path: string): Folder | null {
  const fd = orNull(() => openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), 'ENOENT');
  if (fd === null) return null;
  return {
    child: name => `/proc/self/fd/${fd}/${name}`,
    names: () => readdirSync(`/proc/self/fd/${fd}`),
    isAt: other => {
      const there = lstatSync(other, { bigint: true, throwIfNoEntry: false });
      const here = fstatSync(fd, { bigint: true });
      return there !== undefined && there.dev === here.dev && there.ino === here.ino;
    },
    sync: () => fsyncSync(fd),
    close: () => closeSync(fd),
  };
}

/** Whether anything has this name: a link counts, wherever it leads. */
export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Runs one system call; null when it fails with one of `codes`, which the caller expects. */
export function orNull<T>(call: () => T, ...codes: string[]): T | null {
  try {
    return call();
  } catch (error) {
    if (codes.includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

export function errorCode(error: unknown): string | undefined {
  // Not `instanceof`: an error of another realm (a vm, jest) has a code too.
  const coded = typeof error === 'object' && error !== null && 'code' in error;
  return coded && typeof error.code === 'string' ? error.code : undefined;
}
