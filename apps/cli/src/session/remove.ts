import type { TreeReport } from '@bot-bottle/durable-fs';
import { effectiveBackend, MetadataError, readRecord } from '@bot-bottle/metadata';
import { acquireLease, PreserveError, removeBottle } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import type { FindBackend } from './backend-ref.js';
import { bottleRef } from './bottle-spec.js';
import { SessionError } from './errors.js';
import { stopBottle } from './stop.js';

export interface RemoveOptions {
  readonly backends: FindBackend;
  /** Remove a preserved bottle as well, and stop a running one first. */
  readonly force?: boolean;
  /** Milliseconds between the request to stop and the kill; 10,000 by default. */
  readonly graceMs?: number;
}

/**
 * Removes what the bottle left at its backend, then its state. Idempotent. Throws SessionError 'already-running',
 * 'backend-missing' (what runs there could not be torn down); PreserveError 'preserved', 'lease-unknown'.
 */
export async function removeSession(paths: BottlePaths, options: RemoveOptions): Promise<TreeReport> {
  const { force = false, graceMs } = options;
  if (force) {
    await stopBottle(paths, graceMs === undefined ? {} : { graceMs });
  }
  try {
    const lease = await acquireLease(paths, { removing: true });
    try {
      await destroyAtBackend(paths, options);
      return await removeBottle(paths, { force, lease });
    } finally {
      await lease.release();
    }
  } catch (error) {
    if (error instanceof PreserveError && error.code === 'lease-held') {
      throw new SessionError('already-running', error.message, { cause: error });
    }
    if (error instanceof PreserveError && error.code === 'no-such-bottle') {
      // What an earlier removal left half done.
      return removeBottle(paths, { force });
    }
    throw error;
  }
}

async function destroyAtBackend(paths: BottlePaths, { backends, force }: RemoveOptions): Promise<void> {
  const name = backendName(paths);
  if (name === null) {
    return;
  }
  const ref = backends(name);
  if (ref !== undefined) {
    await (await loadBackend(ref)).destroy(bottleRef(paths));
  } else if (!force) {
    throw new SessionError(
      'backend-missing',
      `${paths.identity} belongs to the backend "${name}", which is not installed: what it left there cannot be removed`,
    );
  }
}

/** Null where no record says: nothing was launched, or nobody can tell. */
function backendName(paths: BottlePaths): string | null {
  try {
    const record = readRecord(paths);
    return record === null ? null : effectiveBackend(record);
  } catch (error) {
    if (error instanceof MetadataError) {
      return null;
    }
    throw error;
  }
}
