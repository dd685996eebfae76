import { closeSync, constants, fchmodSync, fsyncSync, lstatSync, openSync, unlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BottlePaths, checkBottleFolder } from '@bot-bottle/state-paths';
import { noSuchBottle, PreserveError, typed } from './errors.js';
import { errorCode, exists, type Folder, openFolder, orNull } from './folder.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;

/** A clean-up that finds the marker puts the folder back at once; so long we look for it again. */
const ATTEMPTS = 10;
const PAUSE_MS = 20;

/**
 * Keeps the bottle's state when its session ends. Durable, and true, once it resolves: the marker is synced, and the
 * folder that holds it was the bottle's own after that. A clean-up looks for the marker after it has renamed the
 * folder aside, so it finds every marker that was acknowledged. Idempotent. A link planted in the marker's place is
 * replaced, never followed; anything else with that name is a marker already.
 *
 * @throws PreserveError `no-such-bottle` when the folder is absent, or was removed meanwhile; `io`
 * @throws StatePathsError `not-a-folder`
 */
export function markPreserved(paths: BottlePaths): Promise<void> {
  return typed('preserve', paths.folder, async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await delay(PAUSE_MS);
      if (
        inBottle(paths, folder => createMarker(folder, basename(paths.preserve)) && folder.isAt(paths.folder))
      )
        return;
    }
    throw noSuchBottle(paths);
  });
}

/**
 * Removes the marker, as starting and resuming do; true when it was there. Durable. An absent bottle has none.
 *
 * @throws PreserveError `bad-marker` when a folder lies in its place; `io`
 */
export function clearPreserved(paths: BottlePaths): Promise<boolean> {
  return typed(
    'clear',
    paths.preserve,
    () => inBottle(paths, folder => unlinkMarker(folder, paths)) ?? false,
  );
}

/** Whether anything lies at the marker's name. When in doubt the state stays, so its type does not matter. */
export function isPreserved(paths: BottlePaths): boolean {
  return exists(paths.preserve);
}

function inBottle<T>(paths: BottlePaths, work: (folder: Folder) => T): T | null {
  if (checkBottleFolder(paths) === 'absent') return null;
  const folder = openFolder(paths.folder);
  if (folder === null) return null;
  try {
    return work(folder);
  } finally {
    folder.close();
  }
}

/** False when the folder itself was removed meanwhile. */
function createMarker(folder: Folder, name: string): boolean {
  const path = folder.child(name);
  // The older tool asks whether the name resolves: a dangling link would not count as a marker there.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) orNull(() => unlinkSync(path), 'ENOENT');
  const fd = orNull(
    () => openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o644),
    'EEXIST',
    'ENOENT',
  );
  if (fd === null && !exists(path)) return false;
  if (fd !== null) {
    try {
      fchmodSync(fd, 0o644);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
  // Also when it was there: whoever made it may not have come as far as this.
  folder.sync();
  return true;
}

function unlinkMarker(folder: Folder, paths: BottlePaths): boolean {
  try {
    const there = orNull(() => {
      unlinkSync(folder.child(basename(paths.preserve)));
      return true;
    }, 'ENOENT');
    folder.sync();
    return there ?? false;
  } catch (cause) {
    if (errorCode(cause) !== 'EISDIR') throw cause;
    throw new PreserveError('bad-marker', `${paths.preserve} is a folder, no marker`, paths.preserve, {
      cause,
    });
  }
}
