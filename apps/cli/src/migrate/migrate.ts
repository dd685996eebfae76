import { effectiveBackend, readRecord, updateRecord } from '@bot-bottle/metadata';
import { acquireLease, type Lease, PreserveError } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import type { BackendRef, FindBackend } from '../session/backend-ref.js';
import { bottleRef } from '../session/bottle-ref.js';
import { SessionError } from '../session/errors.js';
import { readLaunch } from '../session/launch-file.js';
import { isOlder } from '../session/older.js';
import { clearFormerBackend } from './former-backend.js';
import { checkNeeds } from './needs.js';

export interface MigrateOptions {
  readonly to: BackendRef;
  readonly backends: FindBackend;
  /** The operator's: which keys the bottle would be given. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Migrated {
  /** Where it was; the same as `to` where it is there already. */
  readonly from: string;
  readonly to: string;
}

/**
 * Gives a bottle at rest to another backend. Workspace, home, transcript and live config lie in the state folder, which no backend
 * owns; so the one step is the record's change, and the rest is clearing up. Killed anywhere, it is whole on the one side or on the
 * other, and the next migration, resume or removal finishes it. Throws SessionError 'no-such-bottle', 'unfinished',
 * 'already-running', 'backend-missing', 'backend-lacks'; BackendError.
 */
export async function migrateBottle(
  paths: BottlePaths,
  { to, backends, env }: MigrateOptions,
): Promise<Migrated> {
  const target = await loadBackend(to);
  const lease = await takeLease(paths, to.name);
  try {
    const record = readRecord(paths);
    if (record === null) throw new SessionError('no-such-bottle', `there is no record of ${paths.identity}`);
    const before = readLaunch(paths);
    if (before === null) throw neverLaunched(paths);
    const from = requireBackend(paths, effectiveBackend(record), backends);
    const launch = await clearFormerBackend(paths, record, before, from);
    if (from.name === to.name) return { from: before.backend.name, to: to.name };
    if ((await (await loadBackend(from)).status(bottleRef(paths, record))).state === 'running') {
      throw new SessionError('already-running', `${paths.identity} runs on without its keeper`);
    }
    checkNeeds(paths, launch, target, env);
    const moved = await updateRecord(paths, known => ({ ...known, backend: to.name }));
    await clearFormerBackend(paths, moved, launch, to);
    return { from: from.name, to: to.name };
  } finally {
    await lease.release();
  }
}

function requireBackend({ identity }: BottlePaths, name: string, backends: FindBackend): BackendRef {
  const ref = backends(name);
  if (ref !== undefined) return ref;
  throw new SessionError(
    'backend-missing',
    `${identity} belongs to the backend "${name}", which is not installed: what it left there could not be removed`,
  );
}

function neverLaunched(paths: BottlePaths): SessionError {
  const { identity } = paths;
  return isOlder(paths)
    ? new SessionError(
        'unfinished',
        `${identity} is as the older tool left it; expected it to be resumed once`,
        {
          remedy: `bot-bottle resume ${identity}`,
        },
      )
    : new SessionError('unfinished', `the start of ${identity} never finished: there is nothing to move`);
}

async function takeLease(paths: BottlePaths, to: string): Promise<Lease> {
  try {
    return await acquireLease(paths, { migrating: to });
  } catch (error) {
    if (error instanceof PreserveError && error.code === 'lease-held')
      throw new SessionError('already-running', error.message, { cause: error });
    throw error;
  }
}
