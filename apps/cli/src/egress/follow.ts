import { type AuditRecord, followAuditLog, type ReadOptions } from '@bot-bottle/egress';
import { readLease } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';

const LOOK_MS = 250;

/** The records of a bottle, and each further one until its session has ended, also where its keeper was killed. */
export async function* followRecords(
  paths: BottlePaths,
  file: string,
  options: ReadOptions,
): AsyncGenerator<AuditRecord> {
  const ended = new AbortController();
  const look = (): void => {
    if (readLease(paths).state !== 'alive') ended.abort();
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  try {
    yield* followAuditLog(file, { ...options, signal: ended.signal });
  } finally {
    clearInterval(timer);
  }
}
