/** What a claim looks like on the disk, and what that says about its owner. */
import { DurableFsError, errnoOf } from './errors.js';
import { at, close, itself, listFolder, openFolder } from './handle.js';
import { type ProcessMark, processState } from './process-mark.js';
import { readFileOrAbsent } from './read-file.js';

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

export interface ClaimOwner extends ProcessMark {
  /** What the owner said of itself when it acquired the claim. */
  readonly note: JsonObject;
}

export type ClaimState =
  | { readonly state: 'free' }
  /** held: its owner lives. stale: its owner is dead, and whoever comes next may have it. */
  | { readonly state: 'held' | 'stale'; readonly owner: ClaimOwner }
  /** Its owner cannot be seen from here, or (null) it is not a claim as we write it. Nobody may take it. */
  | { readonly state: 'unknown'; readonly owner: ClaimOwner | null };

const OWNER_FILE = /^owner-\d+-[0-9a-f]{12}\.json$/;
/** An owner's file is small; what is larger is none. */
const MAX_OWNER_BYTES = 64 * 1024;

/** A name that no other owner, earlier or later, gives its file. */
export function ownerFileName(pid: number, random: string): string {
  return `owner-${pid}-${random}.json`;
}

/** What the owner's file says. Throws 'too-large' where no reader would take it for an owner's. */
export function encodeOwner(
  { pid, startTime, bootId, pidNamespace, note }: ClaimOwner,
  path: string,
): string {
  const record = { pid, start_time: startTime, boot_id: bootId, pid_namespace: pidNamespace, note };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  if (Buffer.byteLength(text) <= MAX_OWNER_BYTES) return text;
  throw new DurableFsError(
    'too-large',
    path,
    `the note of the claim ${path} makes it larger than ${MAX_OWNER_BYTES} bytes`,
  );
}

/** What a claim says, seen from the open folder that it lies in. `file` is the owner's, where there is exactly one. */
export function readClaimAt(parent: number, name: string): { state: ClaimState; file: string | null } {
  const unknown = { state: { state: 'unknown', owner: null }, file: null } as const;
  // An owner that releases between our two looks makes us look again; it is another claim by then, or none.
  for (let look = 0; look < 100; look += 1) {
    const folder = openClaim(parent, name);
    if (folder === null) return { state: { state: 'free' }, file: null };
    try {
      const [file, ...others] = listFolder(folder).map(String);
      if (file === undefined) return { state: { state: 'free' }, file: null };
      if (others.length > 0 || !OWNER_FILE.test(file)) return unknown;
      const text = readOwnerFile(folder, file);
      if (text === null) continue;
      const owner = decodeOwner(text);
      if (owner === null) return unknown;
      const seen = processState(owner);
      const state = seen === 'alive' ? 'held' : seen === 'dead' ? 'stale' : 'unknown';
      return { state: { state, owner }, file };
    } finally {
      close(folder);
    }
  }
  return unknown;
}

function openClaim(parent: number, name: string): number | null {
  try {
    return openFolder(at(parent, name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Null: it is gone meanwhile. Empty: not a file that we would have written. */
function readOwnerFile(folder: number, name: string): string | null {
  try {
    return readFileOrAbsent(`${itself(folder)}/${name}`, { maxBytes: MAX_OWNER_BYTES });
  } catch (error) {
    if (error instanceof DurableFsError && error.code !== 'io') return '';
    throw error;
  }
}

function decodeOwner(text: string): ClaimOwner | null {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(record)) return null;
  const { pid, start_time: startTime, boot_id: bootId, pid_namespace: pidNamespace, note } = record;
  if (!isCount(pid) || !isCount(startTime) || typeof bootId !== 'string' || typeof pidNamespace !== 'string')
    return null;
  return { pid, startTime, bootId, pidNamespace, note: isObject(note) ? note : {} };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
