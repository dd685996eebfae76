// A bottle's folder on its way out has one of two names beside the bottles, neither of which is an identity:
//
//   .removing-<identity>-<random>   renamed aside, undecided: a marker in it still brings it back
//   .removed-<identity>-<random>    decided: nothing of it is the bottle's any more
//
// Both steps are single renames: of any number of clean-ups, killed wherever, each step is taken by one.
import { renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type BottlePaths,
  bottlePaths,
  listForeign,
  rootPaths,
  StatePathsError,
} from '@bot-bottle/state-paths';
import { exists, orNull } from './folder.js';
import { isPreserved } from './marker.js';

export interface Aside {
  /** Where the bottle was. */
  paths: BottlePaths;
  /** Where its folder is. */
  path: string;
  decided: boolean;
}

const NAME = /^\.(removing|removed)-([a-z0-9-]+)-[0-9a-f]{16}$/;

export function listAside(root: string): Aside[] {
  return listForeign(root).flatMap(name => {
    const [, stage, identity = ''] = NAME.exec(name) ?? [];
    const paths = pathsOrNull(root, identity);
    return paths === null
      ? []
      : [{ paths, path: join(rootPaths(root).state, name), decided: stage === 'removed' }];
  });
}

/** Makes the bottle vanish from its name; null when it is not there any more. */
export function setAside(paths: BottlePaths): Aside | null {
  // Not by node:crypto, whose import costs a listing milliseconds.
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString('hex');
  const name = `.removing-${paths.identity}-${random}`;
  const path = join(rootPaths(paths.root).state, name);
  return renamed(paths.folder, path) ? { paths, path, decided: false } : null;
}

/** Whether a marker in it, not yet decided against, brings the folder back. */
export function isHeldBack(aside: Aside): boolean {
  return !aside.decided && exists(join(aside.path, basename(aside.paths.preserve)));
}

/**
 * Decides on a folder that was set aside. A marker brings it back under its name, unless `force`. A marker that is made
 * later lies in a folder that is the bottle's no more, so that nobody acknowledged it.
 *
 * @returns what is left to be taken apart; null when the bottle stays
 */
export function decideAside(aside: Aside, force: boolean): Aside | null {
  if (aside.decided) return aside;
  if (!force && isHeldBack(aside)) {
    putBack(aside);
    return null;
  }
  const path = aside.path.replace(/\.removing-(?=[^/]*$)/, '.removed-');
  // Where another clean-up was faster, what it decided holds.
  return renamed(aside.path, path) || !isPreserved(aside.paths) ? { ...aside, path, decided: true } : null;
}

/** Where the name is taken again the folder stays aside, whole, for the next sweep to see. */
function putBack({ path, paths }: Aside): void {
  // rename(2) replaces an empty folder silently, and a reservation is not ours to replace.
  if (!exists(paths.folder)) renamed(path, paths.folder, 'EEXIST', 'ENOTEMPTY');
}

function renamed(from: string, to: string, ...expected: string[]): boolean {
  const done = orNull(
    () => {
      renameSync(from, to);
      return true;
    },
    'ENOENT',
    ...expected,
  );
  return done ?? false;
}

function pathsOrNull(root: string, identity: string): BottlePaths | null {
  try {
    // Checked there, cast or not.
    return bottlePaths(root, identity as BottlePaths['identity']);
  } catch (error) {
    if (error instanceof StatePathsError && error.code === 'unsafe-name') return null;
    throw error;
  }
}
