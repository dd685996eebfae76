import { type Dirent, opendirSync } from 'node:fs';
import { type Identity, isIdentity } from '@bot-bottle/identity';
import { type BottlePaths, pathsOf } from './bottle.js';
import { errnoOf, StatePathsError } from './errors.js';
import { checkFolder } from './folder.js';
import { rootPaths } from './root.js';

/** Folder entries fetched at once: fewer system calls, and still flat in memory. */
const BUFFER = 1024;

/**
 * Each bottle on disk, in the order of the disk: names that are identities and real folders. Holds no list, so that
 * memory does not grow with the bottles. A root that is absent has none; nothing is created.
 * @throws {StatePathsError} `bad-root`, `not-a-folder` when `state/` is a link or file, `cannot-list`
 */
export function* eachBottle(root: string): Generator<BottlePaths, void, undefined> {
  const under = rootPaths(root);
  for (const entry of eachEntry(root)) if (isBottle(entry)) yield pathsOf(under, entry.name as Identity);
}

/** The identities alone, in the order of the disk. @throws as {@link eachBottle} */
export function* eachIdentity(root: string): Generator<Identity, void, undefined> {
  for (const { identity } of eachBottle(root)) yield identity;
}

/** The identities alone, sorted by code unit. @throws as {@link eachBottle} */
export function listIdentities(root: string): Identity[] {
  return [...eachIdentity(root)].sort();
}

/** What else lies in `state/`, sorted: other names, files, and links, whatever they are called. @throws as {@link eachBottle} */
export function listForeign(root: string): string[] {
  const names: string[] = [];
  for (const entry of eachEntry(root)) if (!isBottle(entry)) names.push(entry.name);
  return names.sort();
}

function isBottle(entry: Dirent): boolean {
  return entry.isDirectory() && isIdentity(entry.name);
}

function* eachEntry(root: string): Generator<Dirent, void, undefined> {
  const { state } = rootPaths(root);
  if (checkFolder(state) === 'absent') return;
  const folder = listing(state, () => opendirSync(state, { bufferSize: BUFFER }));
  if (folder === undefined) return;
  try {
    for (;;) {
      const entry = listing(state, () => folder.readSync());
      if (!entry) return;
      yield entry;
    }
  } finally {
    folder.closeSync();
  }
}

function listing<T>(state: string, step: () => T): T | undefined {
  try {
    return step();
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw new StatePathsError('cannot-list', state, `cannot list ${state}`, { cause });
  }
}
