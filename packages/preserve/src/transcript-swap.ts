// How a new snapshot takes the old one's place. Two names beside `transcript/` carry the state:
//
//   .transcript-next       being made; worth nothing until the old one has stepped aside for it
//   .transcript-previous   the old one; it exists only while the new one is whole and takes its place
//   .transcript-staged     on its way back into HOME; worth nothing
//
// so that after a kill at any point `recover` ends with the old snapshot or the new one, whole.
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { removeTree, sweepTemporaries } from '@bot-bottle/durable-fs';
import { type BottlePaths, checkBottleFolder } from '@bot-bottle/state-paths';
import { noSuchBottle, typed } from './errors.js';
import { exists, openFolder } from './folder.js';

export function nextTranscript(paths: BottlePaths): string {
  return join(paths.folder, '.transcript-next');
}

function previousTranscript(paths: BottlePaths): string {
  return join(paths.folder, '.transcript-previous');
}

export function stagedTranscript(paths: BottlePaths): string {
  return join(paths.folder, '.transcript-staged');
}

/**
 * Finishes a swap that a kill interrupted. For the holder of the lease; snapshot and restore begin with it. True when
 * there was something to finish.
 *
 * @throws PreserveError `no-such-bottle` | `io`
 * @throws DurableFsError when the disk fails
 */
export function recoverTranscript(paths: BottlePaths): Promise<boolean> {
  return typed('recover the transcript of', paths.folder, () => recover(paths));
}

async function recover(paths: BottlePaths): Promise<boolean> {
  if (checkBottleFolder(paths) === 'absent') throw noSuchBottle(paths);
  const next = nextTranscript(paths);
  const previous = previousTranscript(paths);
  const leftovers = [next, previous, stagedTranscript(paths)].filter(exists);
  if (!exists(paths.transcript) && exists(previous)) {
    renameSync(exists(next) ? next : previous, paths.transcript);
    syncBottle(paths);
  }
  for (const leftover of leftovers) await removeTree(leftover);
  // A copy that a kill cut off has not even the names above.
  await sweepTemporaries(paths.folder);
  return leftovers.length > 0;
}

/** Puts what `nextTranscript` holds, whole and synced, in the place of `transcript/`. */
export async function swapTranscript(paths: BottlePaths): Promise<void> {
  const previous = previousTranscript(paths);
  syncBottle(paths);
  if (exists(paths.transcript)) {
    renameSync(paths.transcript, previous);
    // In this order on the disk too: after a power cut `previous` must not lack a whole `next`.
    syncBottle(paths);
  }
  renameSync(nextTranscript(paths), paths.transcript);
  syncBottle(paths);
  await removeTree(previous);
}

function syncBottle(paths: BottlePaths): void {
  const folder = openFolder(paths.folder);
  if (folder === null) throw noSuchBottle(paths);
  folder.sync();
  folder.close();
}
