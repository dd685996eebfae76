import { lstatSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ensureFolder, removeTree, type TreeReport } from '@bot-bottle/durable-fs';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { typed } from './errors.js';
import { errorCode, type Folder, openFolder } from './folder.js';
import { copyPart, type Tally } from './transcript-copy.js';
import { checkedFolders, inParentOf, namesAbove } from './transcript-folders.js';
import { nextTranscript, recoverTranscript, stagedTranscript, swapTranscript } from './transcript-swap.js';

export interface SnapshotOptions {
  /** The most bytes copied, over all folders. Default 1 GiB. A folder that would exceed it is left out. */
  maxBytes?: number;
  /** The most files and folders copied, over all folders. Default 100,000. As above. */
  maxEntries?: number;
}

export interface RestoreReport {
  /** Put back from the snapshot. */
  restored: string[];
  /** HOME has it: after a kill it is newer than the snapshot, so it stays as it is. */
  inPlace: string[];
  /** Neither HOME nor the snapshot has it. */
  missing: string[];
  /** What could not be restored, and why: a link on the way, for one. */
  left: TreeReport['left'];
}

/**
 * Copies the agent's conversation from HOME into `transcript/`, which it replaces as a whole: whatever happens, the old
 * snapshot or the new one is there (see `recoverTranscript`). Each folder is taken whole or not at all; what HOME lacks,
 * or what cannot be taken, stays as the last snapshot had it. Links are left out, for a copy must not lead anywhere.
 * For the holder of the lease.
 *
 * @param folders files or folders, relative to HOME
 * @returns what was copied, and in `left` what was not, and why
 * @throws PreserveError `bad-folder` | `no-such-bottle` | `io`
 * @throws DurableFsError when the disk fails; the old snapshot is intact
 */
export function snapshotTranscript(
  paths: BottlePaths,
  folders: readonly string[],
  options: SnapshotOptions = {},
): Promise<TreeReport> {
  return typed('snapshot the transcript of', paths.folder, () => snapshot(paths, folders, options));
}

async function snapshot(
  paths: BottlePaths,
  folders: readonly string[],
  { maxBytes = 2 ** 30, maxEntries = 100_000 }: SnapshotOptions,
): Promise<TreeReport> {
  const wanted = checkedFolders(folders);
  await recoverTranscript(paths);
  const next = nextTranscript(paths);
  ensureFolder(next);
  const tally: Tally = { maxBytes, maxEntries, report: { entries: 0, bytes: 0, left: [] } };
  for (const folder of wanted) {
    let above = next;
    for (const name of namesAbove(folder)) {
      above = join(above, name);
      ensureFolder(above);
    }
    const to = join(next, folder);
    if (!(await copyPart(paths.home, folder, to, tally)))
      await copyPart(paths.transcript, folder, to, unbounded());
  }
  await swapTranscript(paths);
  return tally.report;
}

/**
 * Puts the snapshot back into HOME, folder by folder, each as a whole, where HOME has none or an empty one. Creates
 * HOME where it is absent. For the holder of the lease, before the agent runs.
 *
 * @throws PreserveError `bad-folder` | `no-such-bottle` | `io`
 * @throws DurableFsError when the disk fails; HOME has no part of the folder at hand
 */
export function restoreTranscript(paths: BottlePaths, folders: readonly string[]): Promise<RestoreReport> {
  return typed('restore the transcript of', paths.folder, () => restore(paths, folders));
}

async function restore(paths: BottlePaths, folders: readonly string[]): Promise<RestoreReport> {
  const report: RestoreReport = { restored: [], inPlace: [], missing: [], left: [] };
  const wanted = checkedFolders(folders);
  await recoverTranscript(paths);
  ensureFolder(dirname(paths.home));
  ensureFolder(paths.home);
  for (const folder of wanted) {
    try {
      report[await restoreOne(paths, folder, report)].push(folder);
    } catch (error) {
      const reason = errorCode(error);
      if (!['ENOTDIR', 'ELOOP', 'EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(reason ?? '')) throw error;
      report.left.push({
        path: join(paths.home, folder),
        reason: 'a link, or something else, is in the way',
      });
    }
  }
  return report;
}

async function restoreOne(
  paths: BottlePaths,
  folder: string,
  { left }: RestoreReport,
): Promise<'restored' | 'inPlace' | 'missing'> {
  const name = basename(folder);
  if (await inParentOf(paths.home, folder, parent => hasContent(parent, name))) return 'inPlace';
  // Copied beside HOME first, for HOME must never show a part that looks like the whole.
  const staged = stagedTranscript(paths);
  const tally = unbounded();
  const copied = await copyPart(paths.transcript, folder, staged, tally);
  left.push(...tally.report.left);
  if (!copied) return 'missing';
  try {
    await inParentOf(paths.home, folder, parent => moveInto(parent, name, staged), 'create');
  } finally {
    await removeTree(staged);
  }
  return 'restored';
}

function moveInto(parent: Folder, name: string, staged: string): void {
  renameSync(staged, parent.child(name));
  parent.sync();
}

/** An empty folder is as good as none. A link, or anything else, throws ENOTDIR. */
function hasContent(parent: Folder, name: string): boolean {
  const found = lstatSync(parent.child(name), { throwIfNoEntry: false });
  if (found?.isFile()) return true;
  const folder = openFolder(parent.child(name));
  try {
    return folder !== null && folder.names().length > 0;
  } finally {
    folder?.close();
  }
}

function unbounded(): Tally {
  return {
    maxBytes: Number.POSITIVE_INFINITY,
    maxEntries: Number.POSITIVE_INFINITY,
    report: { entries: 0, bytes: 0, left: [] },
  };
}
