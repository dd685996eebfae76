import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

export type EntryType = 'file' | 'folder' | 'link' | 'other';

/** One entry of a folder that is held by its handle; nothing it does leads out of that folder. */
export interface Entry {
  readonly name: Buffer;
  readonly type: EntryType;
  readonly stats: Stats;
  /** `/proc/self/fd/<handle of the folder>/<name>`, as bytes: a name need not be UTF-8. */
  readonly path: Buffer;
}

export function openTop(path: string): number {
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** The entries of a folder, by name in order of their bytes; one that goes meanwhile is not there. */
export function listEntries(folder: number): Entry[] {
  const names = readdirSync(`/proc/self/fd/${folder}`, { encoding: 'buffer' }).sort(Buffer.compare);
  return names.flatMap(name => {
    const path = Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name]);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ name, path, stats, type: typeOf(stats) }];
  });
}

/** Null when it is no folder any more. */
export function openFolder(entry: Entry): number | null {
  return openOrNull(entry, O_DIRECTORY);
}

/** Null when it is no file any more. A FIFO put in its place does not hold us up. */
export function openFile(entry: Entry): number | null {
  const fd = openOrNull(entry, O_NONBLOCK);
  if (fd !== null && !fstatSync(fd).isFile()) {
    closeSync(fd);
    return null;
  }
  return fd;
}

export function linkTarget(entry: Entry): Buffer | null {
  try {
    return readlinkSync(entry.path, { encoding: 'buffer' });
  } catch (error) {
    return nullIfGone(error);
  }
}

/** Null where it is longer, or no file any more. */
export function readWhole(entry: Entry, maxBytes: number): Buffer | null {
  const fd = entry.stats.size > maxBytes ? null : openFile(entry);
  if (fd === null) {
    return null;
  }
  try {
    // Not zeroed: of a thousand small files only what was read is ever touched.
    const buffer = Buffer.allocUnsafe(maxBytes + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length <= maxBytes; length += got) {
      got = readSync(fd, buffer, length, buffer.length - length, null);
    }
    return length > maxBytes ? null : Buffer.from(buffer.subarray(0, length));
  } finally {
    closeSync(fd);
  }
}

function openOrNull(entry: Entry, flags: number): number | null {
  try {
    return openSync(entry.path, O_RDONLY | O_NOFOLLOW | flags);
  } catch (error) {
    return nullIfGone(error);
  }
}

function nullIfGone(error: unknown): null {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL', 'ENXIO'].includes(code)) {
    return null;
  }
  throw error;
}

function typeOf(stats: Stats): EntryType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}
