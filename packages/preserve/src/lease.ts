import { setTimeout as delay } from 'node:timers/promises';
import {
  acquireClaim,
  type Claim,
  type ClaimOwner,
  DurableFsError,
  type JsonObject,
  readClaim,
} from '@bot-bottle/durable-fs';
import { type BottlePaths, bottlePaths, checkBottleFolder, reserveIdentity } from '@bot-bottle/state-paths';
import { noSuchBottle, PreserveError, typed } from './errors.js';
import { openFolder } from './folder.js';

/** A clean-up holds the lease only until it has renamed the folder aside: microseconds, unless the machine is stuck. */
const CLEAN_UP_WAIT_MS = 5000;
const PAUSE_MS = 10;
/** A reservation can be swept before its lease is taken; more than once in a row is unheard of. */
const RESERVATIONS = 20;

/** The process (id, start time, boot id) and, in `note`, what it said of itself when it took the lease. */
export type LeaseOwner = ClaimOwner;

/**
 * - `none`: nobody owns the bottle. `dead`: its owner is gone (killed, or the machine rebooted) and never came to an end.
 * - `alive`: a process runs that has the owner's pid, start time and boot id.
 * - `unknown`: it cannot be judged from here, so it counts as alive for whoever wants to write.
 */
export type LeaseState =
  | { state: 'none' }
  | { state: 'alive' | 'dead' | 'unknown'; owner: LeaseOwner | null };

/** The right to write into a bottle's state, for as long as this process lives or until it is released. */
export interface Lease {
  readonly paths: BottlePaths;
  readonly released: boolean;
  /** Gives the bottle up. Idempotent, and only ever this lease: a successor's is left alone. */
  release(): Promise<void>;
}

/** Who owns the bottle. Takes nothing, changes nothing; an absent bottle has no lease, a damaged lease is `unknown`. */
export function readLease(paths: BottlePaths): LeaseState {
  try {
    const claim = readClaim(paths.lease);
    if (claim.state === 'free') return { state: 'none' };
    return { state: STATES[claim.state], owner: claim.owner };
  } catch (error) {
    if (error instanceof DurableFsError && error.code === 'not-a-folder')
      return { state: 'unknown', owner: null };
    throw error;
  }
}

const STATES = { held: 'alive', stale: 'dead', unknown: 'unknown' } as const;

/**
 * Takes the bottle for this process. A dead owner's lease is taken over, and by one contender only; nothing is ever
 * waited for but a clean-up that is about to make the folder vanish.
 *
 * @param note shown to whoever asks who owns the bottle; the key `cleanUp` is reserved
 * @throws PreserveError `lease-held` | `lease-unknown` | `no-such-bottle` | `io`
 * @throws DurableFsError when the disk fails
 * @throws StatePathsError `not-a-folder`
 */
export function acquireLease(paths: BottlePaths, note: JsonObject = {}): Promise<Lease> {
  return typed('take the lease of', paths.folder, () => contend(paths, note));
}

async function contend(paths: BottlePaths, note: JsonObject): Promise<Lease> {
  for (let waited = 0; ; waited += PAUSE_MS) {
    const taken = await tryLease(paths, note);
    if (taken !== null) return taken;
    const lease = readLease(paths);
    if (lease.state === 'unknown') throw unknownOwner(paths, lease.owner);
    if (lease.state === 'alive' && (lease.owner?.note['cleanUp'] !== true || waited >= CLEAN_UP_WAIT_MS))
      throw heldBy(paths, lease.owner);
    await delay(PAUSE_MS);
  }
}

/** The lease of a clean-up: a start or a resume that meets it waits for the folder to be gone, or free again. */
export function acquireLeaseToRemove(paths: BottlePaths): Promise<Lease> {
  return acquireLease(paths, { cleanUp: true });
}

/**
 * Reserves an identity and takes its lease: the first step of a start, in the process that will hold the lease.
 * A sweep may remove an empty folder that nobody owns; where it comes between the two steps, another identity is
 * reserved. Whatever is written after this is safe from every clean-up until the lease is released.
 *
 * @throws PreserveError `no-such-bottle` when that happened RESERVATIONS times in a row
 */
export async function reserveBottle(root: string, agentName: string, note: JsonObject = {}): Promise<Lease> {
  for (let attempt = 1; ; attempt++) {
    const paths = bottlePaths(root, reserveIdentity(root, agentName));
    try {
      return await acquireLease(paths, note);
    } catch (error) {
      const swept = error instanceof PreserveError && error.code === 'no-such-bottle';
      if (!swept || attempt === RESERVATIONS) throw error;
    }
  }
}

async function tryLease(paths: BottlePaths, note: JsonObject): Promise<Lease | null> {
  const folder = checkBottleFolder(paths) === 'folder' ? openFolder(paths.folder) : null;
  if (folder === null) throw noSuchBottle(paths);
  try {
    const claim = await claimOrNull(paths, note);
    if (claim === null) return null;
    // The claim lies in whatever had the name when it was made: only the bottle that we looked at counts.
    if (folder.isAt(paths.folder)) return leaseOf(paths, claim);
    await claim.release();
    throw noSuchBottle(paths);
  } finally {
    folder.close();
  }
}

async function claimOrNull(paths: BottlePaths, note: JsonObject): Promise<Claim | null> {
  try {
    return await acquireClaim(paths.lease, { note });
  } catch (error) {
    // The second: something that is no claim lies there, and `readLease` says so.
    const refused = error instanceof DurableFsError && ['claim-held', 'not-a-folder'].includes(error.code);
    if (refused) return null;
    if (checkBottleFolder(paths) === 'absent') throw noSuchBottle(paths, error);
    throw error;
  }
}

function leaseOf(paths: BottlePaths, claim: Claim): Lease {
  let released = false;
  return {
    paths,
    get released() {
      return released;
    },
    async release() {
      if (released) return;
      await claim.release();
      released = true;
    },
  };
}

function heldBy(paths: BottlePaths, owner: LeaseOwner | null): PreserveError {
  const who = owner === null ? 'another process' : `process ${owner.pid}`;
  return new PreserveError('lease-held', `${paths.identity} is in use by ${who}`, paths.lease, { owner });
}

function unknownOwner(paths: BottlePaths, owner: LeaseOwner | null): PreserveError {
  const who = owner === null ? 'its owner' : `its owner, process ${owner.pid},`;
  return new PreserveError(
    'lease-unknown',
    `cannot tell from here whether ${who} still uses ${paths.identity}`,
    paths.lease,
    { owner },
  );
}
