import { type BottleRecord, MetadataError, type RecordEntry, readRecord } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { SessionError } from './errors.js';
import { isThere } from './is-there.js';

/** What stands in the place of a bottle's record. Of one that cannot be read, `error` says why. */
export type RecordState =
  | { readonly is: 'readable'; readonly record: BottleRecord }
  | { readonly is: 'absent' }
  | { readonly is: 'unreadable'; readonly error: MetadataError | SessionError };

/** @param entry the record, where a listing has read it already */
export function recordState(paths: BottlePaths, entry?: RecordEntry): RecordState {
  try {
    const record = entry === undefined ? readRecord(paths) : recordOf(entry);
    if (record !== null) return { is: 'readable', record };
  } catch (error) {
    if (error instanceof MetadataError) return { is: 'unreadable', error };
    throw error;
  }
  if (!isThere(paths.metadata)) return { is: 'absent' };
  const message = `${paths.metadata} holds no record; expected a JSON object`;
  return { is: 'unreadable', error: new SessionError('broken-bottle', message) };
}

function recordOf(entry: RecordEntry): BottleRecord | null {
  if (entry.error !== undefined) throw entry.error;
  return entry.record;
}
