import type { BottleRecord } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { SessionRecord } from './session-file.js';
/**
 * starting, running, ending: a keeper lives. dead: a session that nobody ended (kill -9, power cut).
 * preserved: ended, and kept. stopped: no session and no marker. unfinished: a start that died before it was complete.
 * broken: its record or its session file cannot be read. unknown: the lease's owner cannot be judged from here.
 */
export type BottleState =
  | 'starting' | 'running' | 'ending' | 'dead' | 'preserved' | 'stopped' | 'unfinished' | 'broken' | 'unknown';
export interface BottleDescription {
  readonly state: BottleState;
  readonly preserved: boolean;
  /** Null where there is none or it is broken. */
  readonly record: BottleRecord | null;
  readonly session: SessionRecord | null;
  /** Why it is broken or unknown, or what the last session met; null when there is nothing to say. */
  readonly problem: string | null;
}
/** How a bottle stands, from its lease, marker, session file and record; never throws for a broken one. */
export declare function describeBottle(paths: BottlePaths): BottleDescription;
