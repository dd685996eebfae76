import { lstatSync, opendirSync } from 'node:fs';
import type { BottlePaths } from './bottle.js';
import { errnoOf, StatePathsError } from './errors.js';

/**
 * Whether a bottle has state. The folder itself must be a real one: a link there could lead a clean-up anywhere.
 * @throws {StatePathsError} `not-a-folder` for a link or a file, `cannot-list` when the disk does not say
 */
export function checkBottleFolder(paths: Pick<BottlePaths, 'folder'>): 'absent' | 'folder' {
  return checkFolder(paths.folder);
}

/** The same for any folder under the root; the root itself may be a link that the operator made. */
export function checkFolder(path: string): 'absent' | 'folder' {
  const stats = statusOf(path);
  if (stats === undefined) return 'absent';
  if (stats.isDirectory()) return 'folder';
  const found = stats.isSymbolicLink() ? 'a symbolic link' : 'no folder';
  throw new StatePathsError(
    'not-a-folder',
    path,
    `${path} is ${found}; expected a folder, and links are not followed`,
  );
}

/**
 * True for what a start leaves that was killed between its reservation and its record: a folder in which nothing stands
 * but perhaps the temporaries of that record. False when the folder is absent. Never by itself a proof that the
 * start is dead: one that is under way looks the same, and only its lease tells them apart.
 * @throws {StatePathsError} `not-a-folder`, `cannot-list`
 */
export function isReservationOnly(paths: Pick<BottlePaths, 'folder'>): boolean {
  if (checkBottleFolder(paths) === 'absent') return false;
  try {
    const folder = opendirSync(paths.folder);
    try {
      for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
        if (!isTemporary(entry.name)) return false;
      }
      return true;
    } finally {
      folder.closeSync();
    }
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return false;
    throw new StatePathsError('cannot-list', paths.folder, `cannot list ${paths.folder}`, { cause });
  }
}

/** What @bot-bottle/durable-fs names a file that is not whole yet. */
function isTemporary(name: string): boolean {
  return /^\..+\.tmp-/.test(name);
}

function statusOf(path: string) {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    if (errnoOf(cause) === 'ENOTDIR') return undefined;
    throw new StatePathsError('cannot-list', path, `cannot look at ${path}`, { cause });
  }
}
