import { unlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asDurableFsError, errnoOf } from './errors.js';
import { at, close, listFolder, openFolder, orAbsent, requireHandles } from './handle.js';
import { processMark, processState } from './process-mark.js';
import { randomDigits } from './random.js';
import { removeAt } from './remove-tree.js';

/** A temporary's name says which process made it, so that a later one can tell whether anybody still needs it. */
const pattern = /^\.(.+)\.tmp-(\d+)\.(\d+)\.([0-9a-f]{8})\.(\d+)-[0-9a-f]{12}$/;
/** NAME_MAX is 255 bytes; the mark takes up to 70. */
const MAX_STEM_BYTES = 128;

/** A name for what becomes `name` later: `.<name>.tmp-<pid>.<start>.<boot>.<namespace>-<random>`. */
export function temporaryName(name: string): string {
  const { pid, startTime, bootId, pidNamespace } = processMark();
  const mark = [pid, startTime, bootId.slice(0, 8), pidNamespace.replace(/\D/g, '')].join('.');
  return `.${stemOf(name)}.tmp-${mark}-${randomDigits()}`;
}

/**
 * Removes the temporaries that killed writers left in a folder, and returns their names. Those of living processes,
 * and of processes that cannot be seen from here, stay. An absent folder has none.
 */
export async function sweepTemporaries(folder: string): Promise<string[]> {
  requireHandles(folder);
  let handle: number | null = null;
  try {
    handle = orAbsent(() => openFolder(resolve(folder)));
    return handle === null ? [] : await sweepAt(handle, folder);
  } catch (cause) {
    throw asDurableFsError('sweep', folder, cause);
  } finally {
    if (handle !== null) close(handle);
  }
}

/** As `sweepTemporaries`, in an open folder; with `name`, only those that were to become `name`. */
export async function sweepAt(folder: number, path: string, name?: string): Promise<string[]> {
  const wanted = name === undefined ? null : stemOf(name);
  const swept: string[] = [];
  for (const bytes of listFolder(folder)) {
    const candidate = bytes.toString();
    const [, stem, ...mark] = pattern.exec(candidate) ?? [];
    if (stem === undefined || (wanted !== null && stem !== wanted) || !isDead(mark)) continue;
    const { left } = await removeAt(folder, candidate, join(path, candidate));
    if (left.length === 0) swept.push(candidate);
  }
  return swept;
}

/** Removes a temporary after a failure, and leaves the failure to be reported. */
export function discard(folder: number, name: string): void {
  try {
    unlinkSync(at(folder, name));
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    // Whatever kept it from being removed is no worse than the failure at hand; the next sweep takes it.
  }
}

/** As `discard`, for a folder and what is in it. */
export async function discardTree(folder: number, name: string): Promise<void> {
  try {
    await removeAt(folder, name, name);
  } catch (error) {
    if (errnoOf(error) === null) throw error;
  }
}

function stemOf(name: string): string {
  return Buffer.byteLength(name) <= MAX_STEM_BYTES
    ? name
    : Buffer.from(name).toString('hex').slice(0, MAX_STEM_BYTES);
}

function isDead([pid, startTime, boot, namespace]: string[]): boolean {
  const { bootId } = processMark();
  const state = processState({
    pid: Number(pid),
    startTime: Number(startTime),
    bootId: bootId.startsWith(boot ?? '') ? bootId : (boot ?? ''),
    pidNamespace: `pid:[${namespace}]`,
  });
  return state === 'dead';
}
