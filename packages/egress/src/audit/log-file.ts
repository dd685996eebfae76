import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ensureFolder } from '@bot-bottle/durable-fs';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;

/** A log, open at its end. Every method throws the system's error. */
export class LogFile {
  readonly #path: string;
  readonly #fd: number;
  readonly #inode: string;
  #size: number;
  /** The last line has no end: its writer was killed, or its disk was full. */
  #torn: boolean;

  /** Opens it, or creates it (0600, its folder 0700). */
  constructor(path: string) {
    ensureFolder(dirname(path), { mode: 0o700 });
    this.#path = path;
    // O_NONBLOCK: the open of a FIFO that somebody put there must not wait.
    this.#fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      const stat = fstatSync(this.#fd, { bigint: true });
      if (!stat.isFile()) throw new Error('it is no regular file');
      this.#inode = inodeOf(stat);
      this.#size = Number(stat.size);
      this.#torn = this.#size > 0 && lastByte(this.#fd, this.#size) !== '\n';
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** False: it was moved away or removed. */
  hasItsName(): boolean {
    const there = lstatSync(this.#path, { bigint: true, throwIfNoEntry: false });
    return there !== undefined && inodeOf(there) === this.#inode;
  }

  /** Adds whole lines, behind an end for a torn one. Returns those that were not written, and why. */
  append(lines: readonly string[]): { readonly left: string[]; readonly error: unknown } {
    const heal = this.#torn ? '\n' : '';
    const data = Buffer.from(heal + lines.join(''));
    let written = 0;
    try {
      // write(2) may take fewer bytes than it was given and still succeed, as on a disk that is nearly full.
      while (written < data.length) written += writeSync(this.#fd, data, written);
      return { left: [], error: null };
    } catch (error) {
      return { left: behind(lines, written - heal.length), error };
    } finally {
      this.#size += written;
      if (written > 0) this.#torn = data[written - 1] !== 0x0a;
    }
  }

  sync(): void {
    fsyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The lines behind the first so many bytes; one of which a part was written is among them. */
function behind(lines: readonly string[], bytes: number): string[] {
  let left = bytes;
  const first = lines.findIndex(line => {
    left -= Buffer.byteLength(line);
    return left < 0;
  });
  return first === -1 ? [] : lines.slice(first);
}

function lastByte(fd: number, size: number): string {
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last.toString('latin1');
}

function inodeOf({ dev, ino }: { dev: bigint; ino: bigint }): string {
  return `${dev}:${ino}`;
}
