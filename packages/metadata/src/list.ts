import type { Identity } from '@bot-bottle/identity';
import { type BottlePaths, bottlePaths, eachBottle, stateRoot } from '@bot-bottle/state-paths';
import { MetadataError } from './errors.js';
import type { BottleRecord } from './schema.js';
import { readRecord, readRecordOfFolder } from './store.js';

/** One bottle: its record, null where there is none, or why it cannot be read. */
export type RecordEntry = { readonly identity: Identity; readonly paths: BottlePaths } & Outcome;

type Outcome =
  | { readonly record: BottleRecord | null; readonly error?: undefined }
  | { readonly record?: undefined; readonly error: MetadataError };

/**
 * Every bottle under the root, one at a time, in the order of the disk; memory does not grow with their number. A record
 * that cannot be read is an entry with its `error` and never hides the others. Creates nothing.
 * @param root default: `BOT_BOTTLE_HOME`, else `~/.bot-bottle`
 * @param options.identities only these, in this order
 * @throws an error of the name `StatePathsError` when `state/` itself cannot be listed
 */
export function* listRecords(
  root: string = stateRoot(),
  options: { identities?: Iterable<Identity> } = {},
): Generator<RecordEntry, void, undefined> {
  const { identities } = options;
  if (identities === undefined) {
    for (const paths of eachBottle(root)) yield entryOf(paths, readRecordOfFolder);
  } else {
    for (const identity of identities) yield entryOf(bottlePaths(root, identity), readRecord);
  }
}

function entryOf(paths: BottlePaths, read: (paths: BottlePaths) => BottleRecord | null): RecordEntry {
  const { identity } = paths;
  try {
    return { identity, paths, record: read(paths) };
  } catch (error) {
    if (error instanceof MetadataError) return { identity, paths, error };
    throw error;
  }
}
