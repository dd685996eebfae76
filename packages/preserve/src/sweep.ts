import { removeTree, sweepTemporaries, type TreeReport } from '@bot-bottle/durable-fs';
import { type BottlePaths, bottlePaths, listIdentities, rootPaths } from '@bot-bottle/state-paths';
import { type Aside, decideAside, isHeldBack, listAside } from './aside.js';
import { decideEnd, type EndDecision, type EndFacts, type KeepReason, type RemoveReason } from './end.js';
import { PreserveError } from './errors.js';
import { exists } from './folder.js';
import { readLease } from './lease.js';
import { isPreserved } from './marker.js';
import { leaseOrGone, removeUnderLease } from './remove.js';

/** What a caller that knows records and backends says of a bottle; `running`: something runs that has no lease. */
export type Inspection = 'readable' | 'unreadable' | 'running';

export interface SweepOptions {
  /**
   * Asked for each dead, unpreserved bottle that has a record, before and after its lease is taken. Required, for
   * what cannot be read must not be destroyed, and this package does not read records.
   */
  inspect: (paths: BottlePaths) => Inspection | Promise<Inspection>;
  /** Say what would happen and change nothing. Default false. */
  dryRun?: boolean;
  /** Also what is preserved or unreadable. Default false. */
  force?: boolean;
}

export interface SweepOutcome {
  identity: BottlePaths['identity'];
  action: 'removed' | 'would-remove' | 'kept';
  /** `leftover`: an earlier clean-up had begun it. `failed`: see `error`. */
  reason: KeepReason | RemoveReason | 'leftover' | 'failed';
  /** What was removed and what could not be; null unless `removed`. */
  report: TreeReport | null;
  /** Why this bottle could not be judged or removed; the others are not held up by it. */
  error?: unknown;
}

/**
 * Removes every bottle that is dead and that nobody kept, and says of each one why it went or stayed. Finishes what
 * earlier clean-ups left, and removes the temporaries of dead writers. No age and no clock decides anything.
 * One that another clean-up removes meanwhile is not mentioned.
 *
 * @throws StatePathsError when the root cannot be listed
 */
export async function* sweep(
  root: string,
  options: SweepOptions,
): AsyncGenerator<SweepOutcome, void, undefined> {
  for (const aside of listAside(root)) {
    const outcome = await outcomeOf(aside.paths, () => finish(aside, options));
    if (outcome !== null) yield outcome;
  }
  if (!options.dryRun) await sweepTemporaries(rootPaths(root).state);
  for (const identity of listIdentities(root)) {
    const paths = bottlePaths(root, identity);
    const outcome = await outcomeOf(paths, () => sweepBottle(paths, options));
    if (outcome !== null) yield outcome;
  }
}

/** The outcome without what every outcome has; null: nothing to say. */
type Result = Pick<SweepOutcome, 'action' | 'reason'> & { report?: TreeReport };

async function outcomeOf(
  paths: BottlePaths,
  work: () => Promise<Result | null>,
): Promise<SweepOutcome | null> {
  const { identity } = paths;
  try {
    const result = await work();
    return result && { identity, report: null, ...result };
  } catch (error) {
    const reason = error instanceof PreserveError ? REFUSALS[error.code] : undefined;
    if (reason) return { identity, action: 'kept', reason, report: null };
    return { identity, action: 'kept', reason: 'failed', report: null, error };
  }
}

/** Somebody was faster between the look and the deed. */
const REFUSALS: Partial<Record<PreserveError['code'], KeepReason>> = {
  'lease-held': 'lease-alive',
  'lease-unknown': 'lease-unknown',
  preserved: 'preserved',
};

async function finish(aside: Aside, { dryRun, force = false }: SweepOptions): Promise<Result | null> {
  if (dryRun && (force || !isHeldBack(aside))) return { action: 'would-remove', reason: 'leftover' };
  const left = dryRun ? null : decideAside(aside, force);
  if (left !== null) return { action: 'removed', reason: 'leftover', report: await removeTree(left.path) };
  // Once it is back under its name it is judged there.
  return exists(aside.path) ? { action: 'kept', reason: 'preserved' } : null;
}

async function sweepBottle(paths: BottlePaths, options: SweepOptions): Promise<Result | null> {
  const { dryRun } = options;
  const first = await judge(paths, readLease(paths).state, options);
  if (first.action === 'remove') {
    if (dryRun) return { action: 'would-remove', reason: first.reason };
    return await removeIfStill(paths, options);
  }
  if (!dryRun) for (const folder of [paths.folder, paths.liveConfig]) await sweepTemporaries(folder);
  return { action: 'kept', reason: first.reason };
}

/** Looks again under the lease, for a resume may have come and gone. */
async function removeIfStill(paths: BottlePaths, options: SweepOptions): Promise<Result | null> {
  const lease = await leaseOrGone(paths);
  if (lease === null) return null;
  try {
    const { action, reason } = await judge(paths, 'own', options);
    if (action === 'keep') return { action: 'kept', reason };
    return {
      action: 'removed',
      reason,
      report: await removeUnderLease(paths, options.force ?? false, lease),
    };
  } finally {
    await lease.release();
  }
}

async function judge(
  paths: BottlePaths,
  lease: EndFacts['lease'],
  { inspect, force = false }: SweepOptions,
): Promise<EndDecision> {
  const facts = { lease, preserved: isPreserved(paths), force };
  const early = decideEnd({ ...facts, record: 'absent' });
  // It stays, whatever a record or a backend would say.
  if (early.action === 'keep') return early;
  const record = exists(paths.metadata) ? await inspect(paths) : holdsWork(paths) ? 'unreadable' : 'absent';
  if (record === 'running') return decideEnd({ ...facts, record: 'readable', outcome: 'still-running' });
  return decideEnd({ ...facts, record });
}

/** Whether it got further than a start does before its record is written: then the record was lost, not the start. */
function holdsWork(paths: BottlePaths): boolean {
  return [paths.home, paths.workspace, paths.transcript, paths.dockerfile].some(exists);
}
