import { at, close, identityOf, openFolder } from './handle.js';

/** How many folders of one walk are open at once. */
const MAX_OPEN = 32;

interface Level {
  /** Null while it is closed to save descriptors. */
  fd: number | null;
  readonly identity: string;
}

/**
 * The open folders from the top of a tree down to where a walk stands. However deep the tree, only the top and the
 * lowest few are open; on the way up the others are opened again through `..`, and taken only if they are the same
 * folder (device and inode) that the walk came through. Owns the handles that it is given.
 */
export class HandleStack {
  readonly #levels: Level[] = [];

  constructor(top: number) {
    this.push(top);
  }

  /** The handle of the folder where the walk stands. */
  get folder(): number {
    const fd = this.#levels.at(-1)?.fd;
    if (fd === undefined || fd === null) throw new Error('the walk is over');
    return fd;
  }

  push(fd: number): void {
    this.#levels.push({ fd, identity: identityOf(fd) });
    const index = this.#levels.length - 1 - MAX_OPEN;
    const old = this.#levels[index];
    if (index > 0 && old && old.fd !== null) {
      close(old.fd);
      old.fd = null;
    }
  }

  /**
   * Goes up, and says how many levels: 1, or more where the folder above is not the one the walk came through, since
   * somebody moved things. The walk then goes on from the nearest folder that is certain.
   */
  pop(): number {
    const child = this.#levels.pop();
    const parent = this.#levels.at(-1);
    if (parent && parent.fd === null && child && child.fd !== null)
      parent.fd = openAbove(child.fd, parent.identity);
    if (child && child.fd !== null) close(child.fd);
    let count = 1;
    while (this.#levels.length > 1 && this.#levels.at(-1)?.fd === null) {
      this.#levels.pop();
      count += 1;
    }
    return count;
  }

  close(): void {
    for (const { fd } of this.#levels.splice(0)) if (fd !== null) close(fd);
  }
}

function openAbove(child: number, identity: string): number | null {
  let fd: number;
  try {
    fd = openFolder(at(child, '..'));
  } catch {
    return null;
  }
  if (identityOf(fd) === identity) return fd;
  close(fd);
  return null;
}
