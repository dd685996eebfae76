import { type BottleRecord, MetadataError, readRecord } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';

/** Null where there is none or it cannot be read: nothing was launched, or nobody can tell. */
export function recordOrNull(paths: BottlePaths): BottleRecord | null {
  try {
    return readRecord(paths);
  } catch (error) {
    if (error instanceof MetadataError) {
      return null;
    }
    throw error;
  }
}
