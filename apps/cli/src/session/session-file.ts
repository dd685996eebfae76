import type { BottlePaths } from '@bot-bottle/state-paths';
/** `session.json`: how the last session stands. Written by the keeper only. */
export interface SessionRecord {
  readonly phase: 'starting' | 'running' | 'ending' | 'ended';
  /** The keeper's process id. */
  readonly pid: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly exit: { readonly code: number; readonly signal?: string } | null;
  /** What went wrong, for a person; empty when nothing did. */
  readonly problems: readonly string[];
}
/** Null where there is none. Throws SessionError 'broken-bottle'. */
export declare function readSession(paths: BottlePaths): SessionRecord | null;
