import { ensureFolder } from '@bot-bottle/durable-fs';
import { type Applied, readApplied, waitUntilApplied } from '@bot-bottle/egress';
import { readLease } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { CliError } from '../output/errors.js';
import { readSession } from '../session/session-file.js';

/** The proxy takes a policy within milliseconds; one that does not is stuck. */
const LIMIT_MS = 10_000;
const LOOK_MS = 200;

/** What the proxy of a running bottle has in force; null: it does not run, or has none yet. */
export function appliedNow(paths: BottlePaths): Applied | null {
  const pid = keeperOf(paths);
  const applied = pid === null ? null : readApplied(paths.sidecar('egress'));
  return applied?.pid === pid ? applied : null;
}

/** The process that holds the bottle's lease, and has its proxy; null: it does not run. */
function keeperOf(paths: BottlePaths): number | null {
  const lease = readLease(paths);
  return lease.state === 'alive' ? (lease.owner?.pid ?? null) : null;
}

/**
 * Waits until the proxy of a running bottle has this generation in force. False: the bottle does not run, and takes it when it
 * next starts.
 * @throws CliError `policy-refused`: the last good policy stays in force; `not-acknowledged`
 */
export async function untilInForce(paths: BottlePaths, generation: number): Promise<boolean> {
  if (readLease(paths).state === 'unknown') throw unheard(paths, 'whether it runs cannot be told from here');
  const pid = keeperOf(paths);
  if (pid === null) return false;
  if (appliedNow(paths) === null && readSession(paths)?.phase === 'running') {
    throw unheard(paths, 'it runs without a proxy that could take it');
  }
  // Of a bottle that only starts it may not be there yet, and what is not there cannot be watched.
  ensureFolder(paths.sidecar('egress'));
  const ended = new AbortController();
  const look = setInterval(() => {
    if (keeperOf(paths) !== pid) ended.abort();
  }, LOOK_MS);
  const limit = AbortSignal.timeout(LIMIT_MS);
  const signal = AbortSignal.any([ended.signal, limit]);
  try {
    const applied = await waitUntilApplied(paths.sidecar('egress'), generation, { signal, pid });
    if (applied.generation >= generation) return true;
    throw refused(paths, applied);
  } catch (error) {
    if (ended.signal.aborted) return false;
    if (limit.aborted) throw unheard(paths, `its proxy has not taken it within ${LIMIT_MS / 1000} s`);
    throw error;
  } finally {
    clearInterval(look);
  }
}

function refused({ identity }: BottlePaths, { generation, refused }: Applied): CliError {
  const details = (refused?.message ?? '').split('\n');
  return new CliError(
    'policy-refused',
    `the proxy of ${identity} refuses the policy; generation ${generation} stays in force`,
    { details, try: `bot-bottle policy ${identity}` },
  );
}

function unheard({ identity }: BottlePaths, why: string): CliError {
  return new CliError('not-acknowledged', `the policy of ${identity} is written, but ${why}`, {
    try: [`bot-bottle policy ${identity}`, `bot-bottle show ${identity}`],
  });
}
