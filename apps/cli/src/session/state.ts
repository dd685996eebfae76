import type { BottleRecord, RecordEntry } from '@bot-bottle/metadata';
import { isPreserved, readLease } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { messageOf } from '../thrown.js';
import { SessionError } from './errors.js';
import { isThere } from './is-there.js';
import { recordState } from './record-state.js';
import { readSession, type SessionRecord } from './session-file.js';

/**
 * - `starting`, `running`, `ending`: a keeper lives, and says so.
 * - `dead`: a session that nobody ended: its keeper was killed, or the machine went down. `resume` goes on with it.
 * - `unattended`: the same, and its agent runs on at its backend. `resume` takes it over. Only the backend can tell: `./at-backend.ts`.
 * - `preserved`: no session, and the marker keeps it.
 * - `stopped`: no session and no marker; also what the older tool left, for this one cannot see its sessions.
 * - `unfinished`: a start that died before there was a record.
 * - `broken`: its record (also one that is no JSON object) or its session file cannot be read, and no keeper lives.
 * - `unknown`: it has an owner that cannot be judged from here.
 */
export type BottleState =
  | 'starting'
  | 'running'
  | 'ending'
  | 'dead'
  | 'unattended'
  | 'preserved'
  | 'stopped'
  | 'unfinished'
  | 'broken'
  | 'unknown';

export interface BottleDescription {
  readonly state: BottleState;
  readonly preserved: boolean;
  /** Null where there is none or it is broken. */
  readonly record: BottleRecord | null;
  readonly session: SessionRecord | null;
  /** Why it is broken or unknown, or what the last session met; null when there is nothing to say. */
  readonly problem: string | null;
}

/**
 * How a bottle stands, from its lease, marker, session file and record; a broken one is described, never thrown.
 * @param entry its record, where a listing has read it already
 */
export function describeBottle(paths: BottlePaths, entry?: RecordEntry): BottleDescription {
  const preserved = isPreserved(paths);
  const lease = isThere(paths.lease) ? readLease(paths).state : 'none';
  const record = recordState(paths, entry);
  const session = sessionState(paths);
  const broken = record.is === 'unreadable' ? messageOf(record.error) : session.problem;
  const problem = broken ?? (session.value?.problems.length ? session.value.problems.join('; ') : null);
  const facts = {
    preserved,
    record: record.is === 'readable' ? record.record : null,
    session: session.value,
  };
  const unowned = (): BottleState => {
    if (broken !== null) return 'broken';
    if (record.is === 'absent') return 'unfinished';
    // A session that could not be torn down has no owner either, and has not ended.
    const over = session.value === null ? lease === 'none' : session.value.phase === 'ended';
    if (!over) return 'dead';
    return preserved ? 'preserved' : 'stopped';
  };
  switch (lease) {
    case 'alive':
      return { ...facts, state: livePhase(session.value), problem };
    case 'unknown':
      return {
        ...facts,
        state: 'unknown',
        problem: problem ?? 'the owner of its lease cannot be judged from here',
      };
    default:
      return { ...facts, state: unowned(), problem };
  }
}

/** Between the lease and the first word of its owner, and between its last word and the lease's end, one holds it still. */
function livePhase(session: SessionRecord | null): BottleState {
  switch (session?.phase) {
    case 'running':
      return 'running';
    case 'ending':
    case 'ended':
      return 'ending';
    default:
      return 'starting';
  }
}

function sessionState(paths: BottlePaths): { value: SessionRecord | null; problem: string | null } {
  try {
    return { value: isThere(paths.session) ? readSession(paths) : null, problem: null };
  } catch (error) {
    if (error instanceof SessionError) return { value: null, problem: error.message };
    throw error;
  }
}
