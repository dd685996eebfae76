import { closeSync, constants, openSync, writeSync } from 'node:fs';

/** open(2), O_TMPFILE: a file without a name. Not among Node's constants; the same bit on every architecture of Linux. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** A file that no folder lists: it is gone with its last descriptor, also after a power cut or kill -9. */
export interface NamelessFile {
  /** Opens it for another process of this user, while this one has it open. */
  readonly path: string;
  close(): void;
}

/**
 * Writes a secret where another process can read it and no folder ever holds it: in memory where the system has a memory file
 * system, else in the blocks of `folder`'s disk. Throws the system's error where neither can hold a file without a name.
 */
export function writeNameless(text: string, folder: string): NamelessFile {
  const fd = openNameless(['/dev/shm', folder]);
  try {
    const data = Buffer.from(text);
    for (let written = 0; written < data.length; ) written += writeSync(fd, data, written);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return { path: `/proc/${process.pid}/fd/${fd}`, close: () => closeSync(fd) };
}

function openNameless([folder = '', ...others]: readonly string[]): number {
  try {
    return openSync(folder, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch (error) {
    if (others.length === 0) throw error;
    return openNameless(others);
  }
}
