import { setTimeout as delay } from 'node:timers/promises';
import type { ExitStatus } from '@bot-bottle/backend';
import { readLease } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { encodeControl } from '../keeper/protocol.js';
import { DEFAULT_GRACE_MS } from '../keeper/stop-switch.js';
import type { FindBackend } from './backend-ref.js';
import { SessionError } from './errors.js';
import { KeeperConnection } from './keeper-connection.js';
import { readSession } from './session-file.js';

export interface StopOptions {
  /** Milliseconds between the request to stop and the kill; 10,000 by default, as Docker's. 0 kills at once. */
  readonly graceMs?: number;
  /** Also end an agent that outlived its keeper. Absent: its keeper alone is asked. */
  readonly backends?: FindBackend;
}

export interface StopOutcome {
  /** False: nothing ran. */
  readonly stopped: boolean;
  readonly exit: ExitStatus | null;
  /** The state stayed. */
  readonly kept: boolean;
  readonly notes: readonly string[];
}

/**
 * Ends the session in order, and returns when its end sequence is done. Throws SessionError 'connection-lost', 'still-running';
 * BackendError, where its keeper is dead and its backend cannot be asked.
 */
export async function stopBottle(paths: BottlePaths, options: StopOptions = {}): Promise<StopOutcome> {
  const { graceMs = DEFAULT_GRACE_MS, backends } = options;
  let keeper: KeeperConnection;
  try {
    keeper = await KeeperConnection.open(paths);
  } catch (error) {
    if (error instanceof SessionError && error.code === 'not-running') {
      const outcome = await stopOwner(paths);
      return outcome.stopped || backends === undefined
        ? tornDown(paths, outcome)
        : tornDown(paths, await stopAlone(paths, { graceMs, backends }, outcome));
    }
    throw error;
  }
  keeper.send(encodeControl({ type: 'stop', graceMs }));
  const { exit, kept, notes } = await keeper.follow(async () => {});
  return tornDown(paths, { stopped: true, exit, kept, notes });
}

/** A session whose end was begun and could not be finished has not ended. */
function tornDown(paths: BottlePaths, outcome: StopOutcome): StopOutcome {
  if (!outcome.stopped || !outcome.kept || readSession(paths)?.phase !== 'ending') return outcome;
  throw new SessionError(
    'still-running',
    `${paths.identity} may run on, and its state is kept: ${outcome.notes.join('; ')}`,
  );
}

async function stopAlone(
  paths: BottlePaths,
  options: { readonly graceMs: number; readonly backends: FindBackend },
  otherwise: StopOutcome,
): Promise<StopOutcome> {
  const { stopUnattended } = await import('./stop-unattended.js');
  const ended = await stopUnattended(paths, options);
  return ended === null ? otherwise : { stopped: true, ...ended };
}

/** Milliseconds between two looks at a keeper that has no address: one that still starts, or ends already. */
const LOOK_MS = 50;

/** The lease says which process it is, and that it is that one still: start time and boot id, not the number alone. */
async function stopOwner(paths: BottlePaths): Promise<StopOutcome> {
  const stopped = signalOwner(paths);
  while (stopped && readLease(paths).state === 'alive') {
    await delay(LOOK_MS);
  }
  const session = readSession(paths);
  return {
    stopped,
    exit: stopped ? (session?.exit ?? null) : null,
    kept: session !== null,
    notes: session?.problems ?? [],
  };
}

function signalOwner(paths: BottlePaths): boolean {
  const lease = readLease(paths);
  if (lease.state !== 'alive' || lease.owner === null) {
    return false;
  }
  try {
    return process.kill(lease.owner.pid, 'SIGTERM');
  } catch (error) {
    // It came to its end meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') {
      return false;
    }
    throw error;
  }
}
