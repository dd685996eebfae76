import { chmodSync, fchmodSync, fstatSync, lstatSync, rmdirSync, type Stats, unlinkSync } from 'node:fs';
import { asDurableFsError, errnoOf } from './errors.js';
import {
  at,
  close,
  holdFolder,
  itself,
  listFolder,
  mountOf,
  type Name,
  openFolder,
  openParentOrAbsent,
} from './handle.js';
import { HandleStack } from './handle-stack.js';
import { Pace } from './pace.js';
import { sync } from './sync-points.js';
import { pathOf, type TreeReport } from './tree-report.js';

/** How often an entry that changes under our hands (a folder refilled, a file turned into a folder) is tried. */
const MAX_TRIES = 8;
/** How the system says that an entry is not any more what it was when we looked. */
const CHANGED = ['EISDIR', 'ENOTDIR', 'ELOOP', 'ENOTEMPTY', 'EEXIST'];

/**
 * Removes a file or a whole tree; absent is fine. A link is removed, never followed, and nothing outside the tree is
 * touched, also when somebody swaps its folders while it is removed. Stops at mount points. What cannot be removed is
 * reported, with the reason, and does not keep the rest from being removed. Two callers at once both succeed.
 *
 * Throws 'bad-path', 'not-a-folder' (the folder above is a link or a file) or 'io' (the folder above cannot be opened).
 */
export async function removeTree(path: string): Promise<TreeReport> {
  const opened = openParentOrAbsent(path);
  if (opened === null) return { entries: 0, bytes: 0, left: [] };
  const { parent, name } = opened;
  try {
    const report = await removeAt(parent, name, path);
    await sync(parent);
    return report;
  } catch (cause) {
    throw asDurableFsError('remove', path, cause);
  } finally {
    close(parent);
  }
}

/** Removes `name`, a file or a tree, from an open folder. `path` is for the report. */
export async function removeAt(parent: number, name: string, path: string): Promise<TreeReport> {
  const removal = new Removal(parent, name, path);
  const pace = new Pace();
  try {
    while (removal.step()) if (pace.due()) await pace.rest();
    return removal.report;
  } finally {
    removal.close();
  }
}

interface Entry {
  readonly name: Name;
  readonly tries: number;
}

interface Frame {
  /** How the folder is called in the one above. */
  readonly entry: Entry;
  readonly pending: Entry[];
  /** `left.length` when it was entered: more means that something inside stays. */
  readonly leftBefore: number;
}

/** Goes down and up without recursion, so that depth costs neither stack nor descriptors. */
class Removal {
  readonly report: TreeReport = { entries: 0, bytes: 0, left: [] };
  readonly #path: string;
  readonly #mount: string;
  readonly #handles: HandleStack;
  /** The first stands for the folder above the tree, which stays. */
  readonly #frames: Frame[];

  constructor(parent: number, name: string, path: string) {
    this.#path = path;
    this.#mount = mountOf(parent);
    this.#handles = new HandleStack(openFolder(`${itself(parent)}/.`));
    const entry = { name, tries: 0 };
    this.#frames = [{ entry, pending: [entry], leftBefore: 0 }];
  }

  /** False when nothing is left to do. */
  step(): boolean {
    const frame = this.#frames.at(-1);
    const entry = frame?.pending.pop();
    if (entry) this.#remove(entry);
    else if (this.#frames.length > 1) this.#leave();
    else return false;
    return true;
  }

  close(): void {
    this.#handles.close();
  }

  #remove(entry: Entry): void {
    const path = at(this.#handles.folder, entry.name);
    try {
      const stat = lstatSync(path);
      if (stat.isDirectory()) {
        this.#enter(entry);
      } else {
        unlinkSync(path);
        this.#count(stat);
      }
    } catch (error) {
      this.#failed(entry, error);
    }
  }

  #enter(entry: Entry): void {
    const folder = openForRemoval(at(this.#handles.folder, entry.name), this.#mount);
    if (folder === null) {
      this.#leaveBehind(entry, 'mount point');
      return;
    }
    let names: Buffer[];
    try {
      names = listFolder(folder);
      this.#handles.push(folder);
    } catch (error) {
      close(folder);
      throw error;
    }
    const pending = names.map(name => ({ name, tries: 0 }));
    this.#frames.push({ entry, pending, leftBefore: this.report.left.length });
  }

  /** Everything in it was tried: goes up and removes the folder itself. */
  #leave(): void {
    const levels = this.#handles.pop();
    const frame = this.#frames.splice(-levels)[0];
    if (!frame) return;
    if (levels > 1) {
      // The folders above were moved meanwhile: look again at what stands there now.
      this.#again(frame.entry);
      return;
    }
    const path = at(this.#handles.folder, frame.entry.name);
    try {
      const stat = lstatSync(path);
      rmdirSync(path);
      this.#count(stat);
    } catch (error) {
      const full = errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST';
      if (full && this.report.left.length > frame.leftBefore) return;
      this.#failed(frame.entry, error);
    }
  }

  #failed(entry: Entry, error: unknown): void {
    const errno = errnoOf(error);
    if (errno === null) throw error;
    if (errno === 'EBUSY') this.#leaveBehind(entry, 'mount point');
    else if (CHANGED.includes(errno)) this.#again(entry);
    else if (errno !== 'ENOENT') this.#leaveBehind(entry, errno);
  }

  #again(entry: Entry): void {
    if (entry.tries === MAX_TRIES) this.#leaveBehind(entry, 'changed');
    else this.#frames.at(-1)?.pending.push({ name: entry.name, tries: entry.tries + 1 });
  }

  #leaveBehind({ name }: Entry, reason: string): void {
    // Below the tree's top the names are the frames'; the top itself is `path`.
    const inside = this.#frames.length > 1 ? [...this.#frames.slice(2).map(f => f.entry.name), name] : [];
    this.report.left.push({ path: pathOf(this.#path, inside), reason });
  }

  #count(stat: Stats): void {
    this.report.entries += 1;
    if (stat.isDirectory() || stat.nlink === 1) this.report.bytes += stat.blocks * 512;
  }
}

/** Opens a folder, making it ours to empty where its owner took the rights away. Null: another mount begins there. */
function openForRemoval(path: Name, mount: string): number | null {
  const folder = openUnlocked(path, mount);
  if (folder === null) return null;
  try {
    if (mountOf(folder) === mount) {
      if ((fstatSync(folder).mode & 0o700) !== 0o700) fchmodSync(folder, 0o700);
      return folder;
    }
  } catch (error) {
    close(folder);
    throw error;
  }
  close(folder);
  return null;
}

function openUnlocked(path: Name, mount: string): number | null {
  try {
    return openFolder(path);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
  }
  const held = holdFolder(path);
  try {
    if (mountOf(held) !== mount) return null;
    // fchmod(2) refuses such a handle; through /proc it is still this folder and no other.
    chmodSync(itself(held), 0o700);
    return openFolder(`${itself(held)}/.`);
  } finally {
    close(held);
  }
}
