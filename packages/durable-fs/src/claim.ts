import { mkdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  type ClaimOwner,
  type ClaimState,
  encodeOwner,
  type JsonObject,
  ownerFileName,
  readClaimAt,
} from './claim-state.js';
import { asDurableFsError, DurableFsError, errnoOf } from './errors.js';
import { at, close, openFolder, openParent, openParentOrAbsent } from './handle.js';
import { processMark } from './process-mark.js';
import { randomDigits } from './random.js';
import { writeNew } from './replace-file.js';
import { run, type SyncPoints } from './sync-points.js';
import { discardTree, sweepAt, temporaryName } from './temporary.js';

export interface ClaimOptions {
  /** What others read about the owner. Default empty. */
  note?: JsonObject | undefined;
  /** How long to wait for an owner that lives: milliseconds, or until a signal. Default: not at all. */
  wait?: AbortSignal | number | undefined;
}

export interface Claim {
  readonly owner: ClaimOwner;
  /** Gives the claim up. May be called again; also works after the folder that it lies in was renamed or removed. */
  release(): Promise<void>;
}

/** The longest pause between two looks at a claim that somebody holds, in milliseconds; the first is 1. */
const MAX_PAUSE_MS = 32;

/**
 * Becomes the one owner of `folder`, a name that exists only while somebody owns it. Of any number of processes, one
 * wins: each makes a folder with its owner's file elsewhere and renames it to `folder`, and rename(2) refuses to
 * replace a folder that is not empty. A dead owner's file is unlinked under its own unique name, so that this cannot
 * hit its successor's, however late. An owner that is stopped or slow stays the owner: no clock is asked.
 *
 * Throws 'claim-held' (its owner lives, or cannot be seen from here), 'absent' or 'not-a-folder' (`folder` or the one
 * that it lies in), 'too-large' (a note of more than 64 KiB), 'io'.
 */
export async function acquireClaim(folder: string, options: ClaimOptions = {}): Promise<Claim> {
  const { parent, name } = openParent(folder);
  let claim: Claim | null = null;
  try {
    const owner: ClaimOwner = { ...processMark(), note: options.note ?? {} };
    claim = await contend(parent, name, owner, encodeOwner(owner, folder), patience(folder, options.wait));
    await sweepAt(parent, dirname(folder), name);
    return claim;
  } catch (cause) {
    await claim?.release();
    throw asDurableFsError('claim', folder, cause);
  } finally {
    if (claim === null) close(parent);
  }
}

/** Who owns a claim, without taking it. Throws 'not-a-folder' where something else lies there, 'bad-path', 'io'. */
export function readClaim(folder: string): ClaimState {
  const opened = openParentOrAbsent(folder);
  if (opened === null) return { state: 'free' };
  try {
    return readClaimAt(opened.parent, opened.name).state;
  } catch (cause) {
    throw asDurableFsError('read the claim', folder, cause);
  } finally {
    close(opened.parent);
  }
}

async function contend(
  parent: number,
  name: string,
  owner: ClaimOwner,
  record: string,
  wait: (state: ClaimState) => Promise<void>,
): Promise<Claim> {
  const file = ownerFileName(owner.pid, randomDigits());
  const prepared = temporaryName(name);
  let isPrepared = false;
  try {
    for (;;) {
      const { state, file: ownersFile } = readClaimAt(parent, name);
      if (state.state === 'held' || state.state === 'unknown') {
        await wait(state);
        continue;
      }
      if (ownersFile !== null) unlinkOwner(parent, name, ownersFile);
      if (!isPrepared) {
        isPrepared = true;
        await run(prepare(parent, prepared, file, record));
      }
      if (!renameToFree(parent, prepared, name)) continue;
      return new HeldClaim(parent, name, file, owner);
    }
  } catch (error) {
    // After a rename there is nothing under the prepared name any more.
    if (isPrepared) await discardTree(parent, prepared);
    throw error;
  }
}

/**
 * The owner's file is synced, so that no power cut leaves a torn one, of which nobody could tell the owner. The folders
 * need not be: a claim that a power cut undoes is free, or empty and so free too, and its owner is dead by then.
 */
function* prepare(parent: number, prepared: string, file: string, record: string): SyncPoints<void> {
  mkdirSync(at(parent, prepared), { mode: 0o755 });
  const folder = openFolder(at(parent, prepared));
  try {
    yield* writeNew(folder, file, record, 0o644);
  } finally {
    close(folder);
  }
}

/** False where another was faster. */
function renameToFree(parent: number, prepared: string, name: string): boolean {
  try {
    renameSync(at(parent, prepared), at(parent, name));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Unlinks an owner's file in the claim that is there now; gone already, or in no claim any more, is fine. */
function unlinkOwner(parent: number, name: string, file: string): void {
  try {
    const folder = openFolder(at(parent, name));
    try {
      unlinkSync(at(folder, file));
    } finally {
      close(folder);
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
  }
}

/** Owns the handle of the folder that the claim lies in. */
class HeldClaim implements Claim {
  readonly owner: ClaimOwner;
  readonly #name: string;
  readonly #file: string;
  #parent: number | null;

  constructor(parent: number, name: string, file: string, owner: ClaimOwner) {
    this.#parent = parent;
    this.#name = name;
    this.#file = file;
    this.owner = owner;
  }

  async release(): Promise<void> {
    const parent = this.#parent;
    if (parent === null) return;
    this.#parent = null;
    try {
      unlinkOwner(parent, this.#name, this.#file);
      rmdirSync(at(parent, this.#name));
    } catch (error) {
      // Gone, or somebody else's already.
      const fine = ['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'];
      if (!fine.includes(errnoOf(error) ?? '')) throw asDurableFsError('release', this.#name, error);
    } finally {
      close(parent);
    }
  }
}

/** Waits for the owner, each time a little longer, or throws 'claim-held' when there is no more time to wait. */
function patience(folder: string, wait: AbortSignal | number = 0): (state: ClaimState) => Promise<void> {
  const end = typeof wait === 'number' ? performance.now() + wait : Number.POSITIVE_INFINITY;
  const signal = typeof wait === 'number' ? null : wait;
  let pause = 1;
  return async state => {
    if (performance.now() >= end || signal?.aborted) {
      const pid = 'owner' in state ? state.owner?.pid : undefined;
      const message = `${folder} is claimed by ${pid === undefined ? 'somebody unknown' : `process ${pid}`}`;
      throw new DurableFsError('claim-held', folder, message, signal?.reason);
    }
    // A random part keeps those who wait from looking all at the same moment.
    await setTimeout(Math.min(pause * (0.5 + Math.random()), end - performance.now()));
    pause = Math.min(pause * 2, MAX_PAUSE_MS);
  };
}
