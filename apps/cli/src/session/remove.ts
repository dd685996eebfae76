import type { Backend } from '@bot-bottle/backend';
import type { LeftEntry, TreeReport } from '@bot-bottle/durable-fs';
import { effectiveBackend } from '@bot-bottle/metadata';
import { acquireLease, PreserveError, removeBottle } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import { messageOf } from '../thrown.js';
import type { FindBackend } from './backend-ref.js';
import { bottleRef } from './bottle-ref.js';
import { SessionError } from './errors.js';
import { removeImage } from './image.js';
import { readLaunch } from './launch-file.js';
import { type RecordState, recordState } from './record-state.js';
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
 * 'backend-missing' (what runs there could not be torn down), 'broken-bottle' and MetadataError (a record that cannot be read
 * goes by force alone); PreserveError 'preserved', 'lease-unknown'.
 */
export async function removeSession(paths: BottlePaths, options: RemoveOptions): Promise<TreeReport> {
  const { force = false, graceMs } = options;
  if (force) {
    await stopBottle(paths, graceMs === undefined ? {} : { graceMs });
  }
  try {
    const lease = await acquireLease(paths, { removing: true });
    try {
      const left = await destroyAtBackend(paths, options);
      const report = await removeBottle(paths, { force, lease });
      return { ...report, left: [...left, ...report.left] };
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

/** By force, what an adapter that is not here or cannot be used may have left is given up. Returns what of its image stays. */
async function destroyAtBackend(
  paths: BottlePaths,
  { backends, force = false }: RemoveOptions,
): Promise<readonly LeftEntry[]> {
  const state = recordState(paths);
  if (state.is === 'unreadable' && !force) throw state.error;
  const ref = bottleRef(paths, state.is === 'readable' ? state.record : null);
  const left: LeftEntry[] = [];
  for (const name of backendsOf(paths, state)) {
    let backend: Backend;
    try {
      backend = await adapterOf(name, backends);
    } catch (cause) {
      if (force) {
        continue;
      }
      const message = `what ${paths.identity} left at its backend cannot be removed: ${messageOf(cause)}`;
      throw new SessionError('backend-missing', message, { cause });
    }
    if (!force && (await backend.status(ref)).state === 'running') {
      throw new SessionError('already-running', `${paths.identity} runs on without its keeper`);
    }
    await backend.destroy(ref);
    left.push(...(await removeImage(backend, paths)));
  }
  return left;
}

/** The record's; and that of the last launch, another one where a migration was cut off, and all that is known without a record. */
function backendsOf(paths: BottlePaths, state: RecordState): ReadonlySet<string> {
  const names = new Set(state.is === 'readable' ? [effectiveBackend(state.record)] : []);
  try {
    const launch = readLaunch(paths);
    if (launch !== null) names.add(launch.backend.name);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
  }
  return names;
}

async function adapterOf(name: string, backends: FindBackend): Promise<Backend> {
  const ref = backends(name);
  if (ref === undefined) {
    throw new SessionError('backend-missing', `backend "${name}" is not installed`);
  }
  return loadBackend(ref);
}
