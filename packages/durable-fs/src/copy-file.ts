import {
  constants,
  copyFileSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readSync,
  type Stats,
} from 'node:fs';
import { errnoOf } from './errors.js';
import { at, close, itself, type Name } from './handle.js';
import type { Pace } from './pace.js';
import { writeFully } from './replace-file.js';
import { sync } from './sync-points.js';

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
const CHUNK_BYTES = 1024 * 1024;
/** Holes are looked for in pieces of this size. */
const HOLE_BYTES = 64 * 1024;
const zeros = Buffer.alloc(HOLE_BYTES);

export interface FileCopier {
  /** Copies an open regular file to a new name and returns its size; at most `stat.size` bytes, though the file grows. */
  copy(source: number, stat: Stats, folder: number, name: Name): Promise<number>;
}

/** Copies content, mode and mtime; by reflink (ioctl_ficlone(2)) until the file system once said that it cannot. */
export function fileCopier(durable: boolean, pace: Pace): FileCopier {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let canClone = true;

  function clone(source: number, folder: number, name: Name): boolean {
    if (!canClone) return false;
    try {
      copyFileSync(itself(source), at(folder, name), COPYFILE_EXCL | COPYFILE_FICLONE_FORCE);
      return true;
    } catch (error) {
      const no = ['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'ENOTTY', 'EINVAL', 'EXDEV', 'EBADF'];
      if (!no.includes(errnoOf(error) ?? '')) throw error;
      canClone = false;
      return false;
    }
  }

  async function fill(source: number, target: number, stat: Stats): Promise<void> {
    const sparse = stat.blocks * 512 < stat.size;
    const piece = sparse ? HOLE_BYTES : CHUNK_BYTES;
    for (let position = 0; position < stat.size; ) {
      if (pace.due()) await pace.rest();
      const count = readSync(source, buffer, 0, Math.min(piece, stat.size - position), position);
      if (count === 0) break;
      const data = buffer.subarray(0, count);
      const hole = sparse && data.equals(zeros.subarray(0, count));
      if (!hole) writeFully(target, data, position);
      position += count;
    }
    if (sparse) ftruncateSync(target, Math.min(stat.size, fstatSync(source).size));
  }

  return {
    async copy(source, stat, folder, name) {
      const cloned = clone(source, folder, name);
      const flags = cloned ? O_RDWR | O_NOFOLLOW : O_RDWR | O_NOFOLLOW | O_CREAT | O_EXCL;
      const target = openSync(at(folder, name), flags, 0o600);
      try {
        if (!cloned) await fill(source, target, stat);
        // Never more than permission bits: a set-user-ID file of another would become one of ours.
        fchmodSync(target, stat.mode & 0o777);
        futimesSync(target, stat.atimeMs / 1000, stat.mtimeMs / 1000);
        if (durable) await sync(target);
        return fstatSync(target).size;
      } finally {
        close(target);
      }
    },
  };
}
