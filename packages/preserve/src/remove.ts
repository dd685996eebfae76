import { removeTree, type TreeReport } from '@bot-bottle/durable-fs';
import { type BottlePaths, checkBottleFolder } from '@bot-bottle/state-paths';
import { decideAside, listAside, setAside } from './aside.js';
import { PreserveError, typed } from './errors.js';
import { acquireLeaseToRemove, type Lease } from './lease.js';
import { clearPreserved, isPreserved } from './marker.js';

export interface RemoveOptions {
  /** Also what is preserved. Default false. A lease that is alive or unknown refuses in any case. */
  force?: boolean;
  /** The bottle's lease, where the caller holds it: a session that cleans up after itself. Default: taken here. */
  lease?: Lease;
}

/**
 * Removes a bottle's state folder: it is renamed aside first, so that it is there whole or not at all, then taken
 * apart without following a link or crossing a mount. Finishes what an earlier removal of this bottle left.
 * Idempotent, and two at once both succeed. The queue and the audit log are not touched.
 *
 * @returns what was removed, and in `left` what could not be, where it is now, and why
 * @throws PreserveError `lease-held` | `lease-unknown` | `preserved` | `io`
 * @throws DurableFsError when the disk fails
 * @throws StatePathsError `not-a-folder` when the state folder is a link or a file
 */
export function removeBottle(paths: BottlePaths, options: RemoveOptions = {}): Promise<TreeReport> {
  return typed('remove', paths.folder, () => remove(paths, options));
}

async function remove(paths: BottlePaths, options: RemoveOptions): Promise<TreeReport> {
  const { force = false } = options;
  const report = emptyReport();
  if (checkBottleFolder(paths) === 'folder')
    addTo(report, await removeUnderLease(paths, force, options.lease));
  for (const aside of listAside(paths.root)) {
    if (aside.paths.identity !== paths.identity) continue;
    const left = decideAside(aside, force);
    if (left === null) throw preserved(paths);
    addTo(report, await removeTree(left.path));
  }
  return report;
}

/** The same for the folder alone, without what earlier removals left. */
export async function removeUnderLease(
  paths: BottlePaths,
  force: boolean,
  given?: Lease,
): Promise<TreeReport> {
  if (given && (given.released || given.paths.folder !== paths.folder))
    throw new TypeError(`the lease given is not held, or not that of ${paths.identity}`);
  const lease = given ?? (await leaseOrGone(paths));
  if (lease === null) return emptyReport();
  try {
    if (force) await clearPreserved(paths);
    else if (isPreserved(paths)) throw preserved(paths);
    const aside = setAside(paths);
    if (aside === null) return emptyReport();
    const left = decideAside(aside, force);
    if (left === null) throw preserved(paths);
    return await removeTree(left.path);
  } finally {
    // Gone with the folder, or back in place with it.
    if (lease !== given) await lease.release();
  }
}

/** The lease of a clean-up; null when another clean-up was faster. */
export async function leaseOrGone(paths: BottlePaths): Promise<Lease | null> {
  try {
    return await acquireLeaseToRemove(paths);
  } catch (error) {
    if (error instanceof PreserveError && error.code === 'no-such-bottle') return null;
    throw error;
  }
}

function emptyReport(): TreeReport {
  return { entries: 0, bytes: 0, left: [] };
}

function addTo(total: TreeReport, { entries, bytes, left }: TreeReport): void {
  total.entries += entries;
  total.bytes += bytes;
  total.left.push(...left);
}

function preserved(paths: BottlePaths): PreserveError {
  return new PreserveError('preserved', `${paths.identity} is preserved`, paths.preserve);
}
