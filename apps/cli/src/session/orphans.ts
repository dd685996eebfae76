import type { Backend, BottleRef, Sighting } from '@bot-bottle/backend';
import { createFolder, DurableFsError, ensureFolder } from '@bot-bottle/durable-fs';
import { isIdentity } from '@bot-bottle/identity';
import { type Lease, readLease, removeBottle } from '@bot-bottle/preserve';
import { type BottlePaths, bottlePaths, rootPaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import type { BackendSurveys } from './at-backend.js';
import type { BackendRef, FindBackend } from './backend-ref.js';
import { bottleRef } from './bottle-ref.js';
import { removeImage } from './image.js';
import { isThere } from './is-there.js';
import { leaseIfFree } from './lease-if-free.js';

/** What a backend still has of a bottle of this root whose record is gone. */
export interface Orphan {
  readonly paths: BottlePaths;
  readonly backend: BackendRef;
  readonly ref: BottleRef;
  readonly sighting: Sighting;
}

/**
 * Looks through what the named backends have. A bottle of another root is none of ours, nor is one that has a lease: a start
 * takes that before anything of it is at a backend. Backends that do not answer are in `surveys.failures()`.
 */
export async function findOrphans(
  root: string,
  backends: { readonly names: readonly string[]; readonly find: FindBackend },
  surveys: BackendSurveys,
): Promise<readonly Orphan[]> {
  const orphans: Orphan[] = [];
  for (const name of backends.names) {
    const backend = backends.find(name);
    if (backend === undefined) continue;
    for (const sighting of await surveys.bottlesOf(name)) {
      const orphan = orphanOf(root, backend, sighting);
      if (orphan !== null) orphans.push(orphan);
    }
  }
  return orphans.sort((a, b) => (a.paths.identity < b.paths.identity ? -1 : 1));
}

function orphanOf(root: string, backend: BackendRef, sighting: Sighting): Orphan | null {
  const { bottle } = sighting;
  if (bottle === null || !isIdentity(bottle.identity)) return null;
  const paths = bottlePaths(root, bottle.identity);
  if (bottle.stateFolder !== bottleRef(paths, null).stateFolder) return null;
  if (!isForgotten(paths)) return null;
  return { paths, backend, ref: bottle, sighting };
}

/** The right to do something about an orphan, in a folder that is made where it is gone. */
export interface HeldOrphan {
  readonly lease: Lease;
  /** Gives it up; a folder that was made for this alone goes. */
  release(): Promise<void>;
}

/** Null: somebody else is at it, or it is no orphan any more. Throws PreserveError 'lease-unknown'. */
export async function holdOrphan({ paths }: Orphan): Promise<HeldOrphan | null> {
  const made = makeFolder(paths);
  const lease = await leaseIfFree(paths, { orphan: true });
  if (lease === null) return null;
  const release = async (): Promise<void> => {
    if (made && !hasRecord(paths)) await removeBottle(paths, { lease });
    await lease.release();
  };
  if (!hasRecord(paths)) return { lease, release };
  await release();
  return null;
}

/** Removes what the backend has of it; what else lies in its folder stays. False: it is no orphan any more. */
export async function removeOrphan(orphan: Orphan): Promise<boolean> {
  const held = await holdOrphan(orphan);
  if (held === null) return false;
  try {
    const backend = await loadBackend(orphan.backend);
    await backend.destroy(orphan.ref);
    // Of a Dockerfile that is gone, too.
    if (!isThere(orphan.paths.dockerfile)) await removeImage(backend, orphan.paths);
    return true;
  } finally {
    await held.release();
  }
}

/** The adapter, which can tell what the bottle was. */
export async function recallOrphan({
  backend,
  ref,
}: Orphan): Promise<ReturnType<NonNullable<Backend['recall']>>> {
  return (await (await loadBackend(backend)).recall?.(ref)) ?? null;
}

function makeFolder(paths: BottlePaths): boolean {
  try {
    const { root, state } = rootPaths(paths.root);
    for (const folder of [root, state]) ensureFolder(folder, { mode: 0o700 });
    createFolder(paths.folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if (error instanceof DurableFsError && error.code === 'exists') return false;
    throw error;
  }
}

/** Whether nobody starts it, has it or knows of it. */
export function isForgotten(paths: BottlePaths): boolean {
  return !hasRecord(paths) && !isOwned(paths);
}

function isOwned(paths: BottlePaths): boolean {
  const { state } = readLease(paths);
  return state === 'alive' || state === 'unknown';
}

function hasRecord(paths: BottlePaths): boolean {
  return isThere(paths.metadata);
}
