import { closeSync, constants, fchmodSync, fsyncSync, lstatSync, openSync, unlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BottlePaths, checkBottleFolder } from '@bot-bottle/state-paths';
import { noSuchBottle, PreserveError } from './errors.js';
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
 * @throws PreserveError `no-such-bottle` when the folder is absent, or was removed meanwhile
 * @throws StatePathsError `not-a-folder`
 */
export async function markPreserved(paths: BottlePaths): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await delay(PAUSE_MS);
    const marked = inBottle(paths, folder => {
      createMarker(folder, basename(paths.preserve));
      return folder.isAt(paths.folder);
    });
    if (marked) return;
  }
  throw noSuchBottle(paths);
}

/**
 * Removes the marker, as starting and resuming do; true when it was there. Durable. An absent bottle has none.
 *
 * @throws PreserveError `bad-marker` when a folder lies in its place
 */
export async function clearPreserved(paths: BottlePaths): Promise<boolean> {
  const cleared = inBottle(paths, folder => {
    const there = orNull(() => {
      unlinkSync(folder.child(basename(paths.preserve)));
      return true;
    }, 'ENOENT');
    folder.sync();
    return there;
  });
  return cleared ?? false;
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
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EISDIR' || code === 'EPERM')
      throw new PreserveError('bad-marker', `${paths.preserve} is a folder, not a marker`, paths.preserve, {
        cause: error,
      });
    throw error;
  } finally {
    folder.close();
  }
}

function createMarker(folder: Folder, name: string): void {
  const path = folder.child(name);
  // The older tool asks whether the name resolves: a dangling link would not count as a marker there.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) orNull(() => unlinkSync(path), 'ENOENT');
  const fd = orNull(() => openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o644), 'EEXIST');
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
}
