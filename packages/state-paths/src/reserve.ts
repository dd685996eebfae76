import { closeSync, constants, fsyncSync, lstatSync, mkdirSync, openSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Identity, mintIdentity, type RandomSource } from '@bot-bottle/identity';
import { bottlePaths } from './bottle.js';
import { errnoOf, StatePathsError } from './errors.js';
import { checkFolder } from './folder.js';
import { rootPaths } from './root.js';

/** Only the operator: the state holds transcripts and credentials' names. */
const PRIVATE = 0o700;

/** At 60 million names a slug, the disk is full long before chance fails this often: the random source is broken. */
const MOST_TRIES = 100;

/**
 * Mints an identity and makes its folder, empty and durable. The folder is made exclusively, so that no two starts on
 * one root get the same identity, by chance or by race. An identity whose queue outlived its state is not given again.
 * Makes the root and `state/` (0700) where they are absent.
 * @throws {StatePathsError} `cannot-reserve` (the system call's error is the `cause`), `no-free-identity`,
 * `not-a-folder` when `state/` is a link or file, `bad-root`
 */
export function reserveIdentity(
  root: string,
  agentName: string,
  options: { random?: RandomSource } = {},
): Identity {
  const { root: checkedRoot, state } = rootPaths(root);
  reserving(state, () => {
    makeRoot(checkedRoot);
    makeOnce(state);
  });
  checkFolder(state);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const identity = mintIdentity(agentName, options);
    const paths = bottlePaths(checkedRoot, identity);
    const made = reserving(paths.folder, () => !exists(paths.queue) && makeOnce(paths.folder));
    if (made) return identity;
  }
  throw new StatePathsError(
    'no-free-identity',
    state,
    `${MOST_TRIES} identities in a row were taken in ${state}: expected a random source that varies`,
  );
}

function makeRoot(root: string): void {
  const first = mkdirSync(root, { recursive: true, mode: PRIVATE });
  if (first === undefined) return;
  for (let made = root; made.length >= first.length; made = dirname(made)) syncFolder(dirname(made));
}

/** False when something of that name is there already. Not recursive: a recursive mkdir takes what exists for made. */
function makeOnce(path: string): boolean {
  try {
    mkdirSync(path, { mode: PRIVATE });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    syncFolder(dirname(path));
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  return true;
}

/** Without this a power cut can take the new name away again (fsync(2): the folder needs an fsync of its own). */
function syncFolder(path: string): void {
  const handle = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function reserving<T>(path: string, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    const why = errnoOf(cause) ?? 'an error';
    throw new StatePathsError(
      'cannot-reserve',
      path,
      `cannot make ${path} (${why}); expected a folder that you can write`,
      { cause },
    );
  }
}
