import {
  constants,
  fchmodSync,
  fstatSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import { type FileCopier, fileCopier } from './copy-file.js';
import { asDurableFsError, DurableFsError, errnoOf } from './errors.js';
import {
  at,
  close,
  identityOf,
  listFolder,
  mountOf,
  type Name,
  openFolder,
  openParent,
  orAbsent,
  splitPath,
} from './handle.js';
import { HandleStack } from './handle-stack.js';
import { Pace } from './pace.js';
import { confirm } from './replace-file.js';
import { run, sync } from './sync-points.js';
import { discardTree, temporaryName } from './temporary.js';
import { pathOf, type TreeReport } from './tree-report.js';

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

export interface CopyOptions {
  /** Bytes of content in all. Default: no bound. */
  maxBytes?: number | undefined;
  /** Files, folders and links in all, the top not counted. Default: no bound. */
  maxEntries?: number | undefined;
  /** Called with the path of each entry, seen from the top, before it is copied. */
  onEntry?: ((path: string) => void) | undefined;
  /** Whether links are copied, as links, or skipped and reported. Default `copy`. */
  links?: 'copy' | 'skip' | undefined;
  /** Whether the copy survives a power cut once it is reported. Default true; false is faster for what can be made again. */
  durable?: boolean | undefined;
}

/**
 * Copies a folder with everything in it to a place where nothing is yet. The copy is made under a temporary name and
 * appears at `to` whole or not at all; a failure removes it. Keeps permission bits and mtimes; not owners, set-user-ID
 * bits, extended attributes or hard links between files. Links are copied as links and never followed, also when
 * somebody swaps things meanwhile. FIFOs, sockets, devices, mount points and what may not be read are skipped and
 * reported. Reflinks where the file system can; keeps holes.
 *
 * Throws 'absent' or 'not-a-folder' (`from`, or the folder of `to`), 'exists' (`to`), 'too-large', 'changed', 'io',
 * 'not-confirmed'.
 */
export async function copyTree(from: string, to: string, options: CopyOptions = {}): Promise<TreeReport> {
  const source = openSource(from);
  const handles = new HandleStack(source);
  try {
    const { parent, name } = openParent(to);
    try {
      return await copyInto(handles, from, parent, name, to, options);
    } finally {
      close(parent);
    }
  } catch (cause) {
    throw asDurableFsError(`copy ${from} to`, to, cause);
  } finally {
    handles.close();
  }
}

async function copyInto(
  source: HandleStack,
  from: string,
  parent: number,
  name: string,
  to: string,
  options: CopyOptions,
): Promise<TreeReport> {
  if (orAbsent(() => lstatSync(at(parent, name)))) {
    throw new DurableFsError('exists', to, `${to} is there already`);
  }
  const temporary = temporaryName(name);
  mkdirSync(at(parent, temporary), { mode: 0o700 });
  try {
    const report = await copyAll(source, openFolder(at(parent, temporary)), from, options);
    renameSync(at(parent, temporary), at(parent, name));
    if (options.durable !== false) await run(confirm(parent, to));
    return report;
  } catch (error) {
    // After the rename there is nothing under this name any more.
    await discardTree(parent, temporary);
    throw error;
  }
}

async function copyAll(
  source: HandleStack,
  top: number,
  from: string,
  options: CopyOptions,
): Promise<TreeReport> {
  const target = new HandleStack(top);
  try {
    const copy = new Copy(source, target, from, options);
    while (await copy.step());
    return copy.report;
  } finally {
    target.close();
  }
}

interface Frame {
  readonly name: Name;
  readonly pending: Buffer[];
  readonly stat: Stats;
}

/** Walks two trees at once, down and up without recursion. */
class Copy {
  readonly report: TreeReport = { entries: 0, bytes: 0, left: [] };
  readonly #source: HandleStack;
  readonly #target: HandleStack;
  readonly #targetIdentity: string;
  readonly #mount: string;
  readonly #frames: Frame[];
  readonly #from: string;
  readonly #options: CopyOptions;
  readonly #durable: boolean;
  readonly #pace = new Pace();
  readonly #files: FileCopier;

  constructor(source: HandleStack, target: HandleStack, from: string, options: CopyOptions) {
    this.#source = source;
    this.#target = target;
    this.#targetIdentity = identityOf(target.folder);
    this.#mount = mountOf(source.folder);
    this.#frames = [{ name: '', pending: listFolder(source.folder), stat: fstatSync(source.folder) }];
    this.#from = from;
    this.#options = options;
    this.#durable = options.durable ?? true;
    this.#files = fileCopier(this.#durable, this.#pace);
  }

  /** False when all is copied. */
  async step(): Promise<boolean> {
    const frame = this.#frames.at(-1);
    if (!frame) return false;
    if (this.#pace.due()) await this.#pace.rest();
    const name = frame.pending.pop();
    if (name) await this.#copy(name);
    else await this.#leave(frame);
    return true;
  }

  async #copy(name: Buffer): Promise<void> {
    const stat = orAbsent(() => lstatSync(at(this.#source.folder, name)));
    if (stat === null) return;
    if (stat.isDirectory()) this.#enter(name);
    else if (stat.isSymbolicLink() && this.#options.links !== 'skip') this.#copyLink(name, stat);
    else if (stat.isFile()) await this.#copyFile(name);
    else this.#skip(name, kindOf(stat));
  }

  #enter(name: Buffer): void {
    const folder = this.#open(name, () => openFolder(at(this.#source.folder, name)));
    if (folder === null) return;
    const inside = this.#look(name, folder);
    if (inside === null) {
      close(folder);
      return;
    }
    this.#source.push(folder);
    this.#count(name, 0);
    const path = at(this.#target.folder, name);
    mkdirSync(path, { mode: 0o700 });
    this.#target.push(openFolder(path));
    this.#frames.push({ name, ...inside });
  }

  /** What is in a folder, or null where it is not to be entered. */
  #look(name: Buffer, folder: number): { pending: Buffer[]; stat: Stats } | null {
    try {
      // A copy into a folder of the tree itself must not copy itself.
      if (identityOf(folder) === this.#targetIdentity) return null;
      if (mountOf(folder) === this.#mount) return { pending: listFolder(folder), stat: fstatSync(folder) };
    } catch (error) {
      close(folder);
      throw error;
    }
    this.#skip(name, 'mount point');
    return null;
  }

  /** Everything in it is copied: now its own mode and mtime, which the copying would have changed. */
  async #leave({ stat }: Frame): Promise<void> {
    const target = this.#target.folder;
    fchmodSync(target, stat.mode & 0o777);
    futimesSync(target, stat.atimeMs / 1000, stat.mtimeMs / 1000);
    if (this.#durable) await sync(target);
    this.#frames.pop();
    if (this.#frames.length === 0) return;
    if (this.#source.pop() !== 1 || this.#target.pop() !== 1) {
      const message = `a folder in ${this.#from} or its copy was moved meanwhile`;
      throw new DurableFsError('changed', this.#from, message);
    }
  }

  #copyLink(name: Buffer, stat: Stats): void {
    const path = at(this.#source.folder, name);
    const link = this.#open(name, () => readlinkSync(path, { encoding: 'buffer' }));
    if (link === null) return;
    this.#count(name, 0);
    const copy = at(this.#target.folder, name);
    symlinkSync(link, copy);
    lutimesSync(copy, stat.atimeMs / 1000, stat.mtimeMs / 1000);
  }

  async #copyFile(name: Buffer): Promise<void> {
    const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    const file = this.#open(name, () => openSync(at(this.#source.folder, name), flags));
    if (file === null) return;
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) return this.#skip(name, kindOf(stat));
      if (mountOf(file) !== this.#mount) return this.#skip(name, 'mount point');
      this.#count(name, stat.size);
      // A reflink may be larger than the file was a moment ago.
      const size = await this.#files.copy(file, stat, this.#target.folder, name);
      this.#addBytes(size - stat.size);
    } finally {
      close(file);
    }
  }

  /** Opens something of the source; null where it vanished (as if the copy had come later) or is skipped. */
  #open<T>(name: Buffer, call: () => T): T | null {
    try {
      return call();
    } catch (error) {
      const errno = errnoOf(error) ?? '';
      if (errno === 'ENOENT') return null;
      if (['EACCES', 'EPERM', 'ENXIO'].includes(errno)) this.#skip(name, errno);
      // ELOOP, ENOTDIR, EISDIR, EINVAL: it is not any more what it was when we looked.
      else if (['ELOOP', 'ENOTDIR', 'EISDIR', 'EINVAL'].includes(errno)) this.#skip(name, 'changed');
      else throw error;
      return null;
    }
  }

  #count(name: Buffer, bytes: number): void {
    const { maxEntries = Number.POSITIVE_INFINITY, onEntry } = this.#options;
    onEntry?.(this.#inside(name).map(String).join('/'));
    this.report.entries += 1;
    if (this.report.entries > maxEntries) throw this.#tooLarge(`${maxEntries} entries`);
    this.#addBytes(bytes);
  }

  #addBytes(bytes: number): void {
    const { maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    this.report.bytes += bytes;
    if (this.report.bytes > maxBytes) throw this.#tooLarge(`${maxBytes} bytes`);
  }

  #skip(name: Buffer, reason: string): void {
    this.report.left.push({ path: pathOf(this.#from, this.#inside(name)), reason });
  }

  #inside(name: Buffer): Name[] {
    return [...this.#frames.slice(1).map(frame => frame.name), name];
  }

  #tooLarge(bound: string): DurableFsError {
    return new DurableFsError('too-large', this.#from, `${this.#from} has more than ${bound}`);
  }
}

function openSource(from: string): number {
  const { full } = splitPath(from);
  try {
    return openFolder(full);
  } catch (cause) {
    throw asDurableFsError('copy', from, cause);
  }
}

function kindOf(stat: Stats): string {
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isFIFO()) return 'FIFO';
  if (stat.isSocket()) return 'socket';
  return stat.isBlockDevice() || stat.isCharacterDevice() ? 'device' : 'changed';
}
