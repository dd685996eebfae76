import { lstatSync } from 'node:fs';
import { asDurableFsError, errnoOf } from './errors.js';
import {
  at,
  close,
  itself,
  listFolder,
  mountOf,
  type Name,
  openFolder,
  openParentOrAbsent,
} from './handle.js';
import { HandleStack } from './handle-stack.js';
import { Pace } from './pace.js';

/**
 * What a file or tree takes on the disk, in bytes (allocated blocks, as du(1)), and how many entries it has. Follows no
 * link, crosses no mount, counts a file with several hard links once. Absent is 0. What vanishes or cannot be read
 * while it looks is left out, so it also serves for a tree in use. Throws 'bad-path', 'not-a-folder', 'io'.
 */
export async function measureTree(path: string): Promise<{ bytes: number; entries: number }> {
  const total = { bytes: 0, entries: 0 };
  const opened = openParentOrAbsent(path);
  if (opened === null) return total;
  const { parent, name } = opened;
  const pace = new Pace();
  const seen = new Set<string>();
  let handles: HandleStack | null = null;
  try {
    const mount = mountOf(parent);
    handles = new HandleStack(openFolder(`${itself(parent)}/.`));
    const frames: Name[][] = [[name]];
    for (let pending = frames.at(-1); pending; pending = frames.at(-1)) {
      if (pace.due()) await pace.rest();
      const next = pending.pop();
      if (next === undefined) {
        frames.splice(-(frames.length > 1 ? handles.pop() : 1));
        continue;
      }
      const inner = measureEntry(handles, next, mount, seen, total);
      if (inner) frames.push(inner);
    }
    return total;
  } catch (cause) {
    throw asDurableFsError('measure', path, cause);
  } finally {
    handles?.close();
    close(parent);
  }
}

/** Counts one entry; a folder is entered, and its names returned. */
function measureEntry(
  handles: HandleStack,
  name: Name,
  mount: string,
  seen: Set<string>,
  total: { bytes: number; entries: number },
): Name[] | null {
  try {
    const stat = lstatSync(at(handles.folder, name));
    const isFolder = stat.isDirectory();
    const key = `${stat.dev}:${stat.ino}`;
    total.entries += 1;
    if (isFolder || stat.nlink === 1 || !seen.has(key)) total.bytes += stat.blocks * 512;
    if (!isFolder && stat.nlink > 1) seen.add(key);
    return isFolder ? enter(handles, name, mount) : null;
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return null;
    throw error;
  }
}

function enter(handles: HandleStack, name: Name, mount: string): Name[] | null {
  const folder = openFolder(at(handles.folder, name));
  let names: Name[] | null = null;
  try {
    if (mountOf(folder) === mount) names = listFolder(folder);
  } finally {
    if (names === null) close(folder);
  }
  if (names !== null) handles.push(folder);
  return names;
}
