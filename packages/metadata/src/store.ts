import { acquireClaim, DurableFsError, readBytesOrAbsent, replaceFile } from '@bot-bottle/durable-fs';
import { type BottlePaths, checkBottleFolder, StatePathsError } from '@bot-bottle/state-paths';
import { decodeBytes } from './bytes.js';
import { MAX_RECORD_BYTES, tooLarge } from './decode.js';
import { encodeRecord } from './encode.js';
import { MetadataError } from './errors.js';
import { keepsNumbers } from './json.js';
import type { BottleRecord } from './schema.js';

/** How long an update waits for another one on the same record, in milliseconds. */
const PATIENCE_MS = 10_000;

/** What the functions here need of `bottlePaths(root, identity)`. */
export type RecordPaths = Pick<BottlePaths, 'folder' | 'identity' | 'metadata' | 'metadataLock'>;

/**
 * The record of a bottle; null when there is none or its JSON is no object.
 * @throws {MetadataError} `broken-record`, `identity-mismatch`, `cannot-read`
 */
export function readRecord(paths: RecordPaths): BottleRecord | null {
  const found = wrapped('cannot-read', paths, () => checkBottleFolder(paths));
  return found === 'absent' ? null : readRecordOfFolder(paths);
}

/** The same where the caller has already seen that the folder is a real one. */
export function readRecordOfFolder(paths: RecordPaths): BottleRecord | null {
  const bytes = readBytes(paths);
  const record = bytes === null ? null : decodeBytes(bytes, paths.metadata);
  if (record === null) return null;
  // Records of the first vintage did not name themselves.
  if (record.identity === '') return { ...record, identity: paths.identity };
  checkIdentity(paths, record);
  return record;
}

/**
 * Writes the whole record, durably, in the place of an older one (0644). For whoever reserved the bottle; what others
 * may have written meanwhile is lost, so to change a record use `updateRecord`.
 * @throws {MetadataError} `invalid-record`, `identity-mismatch`, `cannot-write`: the old record is then intact, unless the
 * cause is `not-confirmed`: the new one is in place, and only a power cut could bring the old one back
 */
export async function writeRecord(paths: RecordPaths, record: BottleRecord): Promise<void> {
  checkIdentity(paths, record);
  if (!keepsNumbers()) throw tooOld(paths);
  const text = encodeRecord(record);
  try {
    checkBottleFolder(paths);
    await replaceFile(paths.metadata, text, { mode: 0o644 });
  } catch (error) {
    throw translated('cannot-write', paths, error);
  }
}

/**
 * Reads, changes and writes the record while no other update can, and gives what was written. Waits for other updates.
 * @param change must not return a promise; throwing leaves the record as it is
 * @param options.wait milliseconds or a signal to give up at; default 10 s
 * @throws {MetadataError} `no-record`, and as `readRecord` and `writeRecord`; `cannot-write` also when the record is written
 * but the lock could not be released, as the message then says
 */
export async function updateRecord(
  paths: RecordPaths,
  change: (record: BottleRecord) => BottleRecord,
  options: { wait?: number | AbortSignal } = {},
): Promise<BottleRecord> {
  const { wait = PATIENCE_MS } = options;
  if (readRecord(paths) === null) throw noRecord(paths);
  const claim = await acquireClaim(paths.metadataLock, { wait }).catch((error: unknown) => {
    throw translated('cannot-write', paths, error);
  });
  try {
    const record = readRecord(paths);
    if (record === null) throw noRecord(paths);
    const changed = change(record);
    await writeRecord(paths, changed);
    return changed;
  } finally {
    await claim.release().catch((error: unknown) => {
      throw translated('cannot-write', paths, error);
    });
  }
}

function readBytes(paths: RecordPaths): Uint8Array | null {
  try {
    return readBytesOrAbsent(paths.metadata, { maxBytes: MAX_RECORD_BYTES });
  } catch (error) {
    if (error instanceof DurableFsError && error.code === 'too-large') throw tooLarge(paths.metadata);
    throw translated('cannot-read', paths, error);
  }
}

function checkIdentity(paths: RecordPaths, record: BottleRecord): void {
  if (record.identity === paths.identity) return;
  throw new MetadataError(
    'identity-mismatch',
    paths.metadata,
    `the record is of ${JSON.stringify(record.identity.slice(0, 100))}; expected ${paths.identity}, as its folder is named`,
  );
}

/** On Node 20 all else works, but it would round the numbers that a newer version has put into the record. */
function tooOld(paths: RecordPaths): MetadataError {
  const { node } = process.versions;
  return new MetadataError('cannot-write', paths.metadata, `this is Node ${node}; expected Node 22 or newer`);
}

function noRecord(paths: RecordPaths): MetadataError {
  return new MetadataError('no-record', paths.metadata, 'there is no record to update');
}

function wrapped<T>(code: 'cannot-read' | 'cannot-write', paths: RecordPaths, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw translated(code, paths, error);
  }
}

/** What the disk refused, in this package's terms; anything else is a fault of the program and goes through. */
function translated(code: 'cannot-read' | 'cannot-write', paths: RecordPaths, cause: unknown): unknown {
  if (!(cause instanceof DurableFsError || cause instanceof StatePathsError)) return cause;
  return new MetadataError(code, paths.metadata, cause.message, { cause });
}
