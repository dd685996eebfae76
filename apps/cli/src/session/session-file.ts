import type { ExitStatus } from '@bot-bottle/backend';
import { replaceFile } from '@bot-bottle/durable-fs';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { broken, isStrings, readJson } from './launch-file.js';

const PHASES = ['starting', 'running', 'ending', 'ended'] as const;
export type SessionPhase = (typeof PHASES)[number];

/** `session.json`: how the last session stands. Written by whoever holds the lease. */
export interface SessionRecord {
  readonly phase: SessionPhase;
  /** The keeper's process id. */
  readonly pid: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly exit: ExitStatus | null;
  /** What went wrong, for a person; empty when nothing did. */
  readonly problems: readonly string[];
}

/** Null where there is none. Throws SessionError 'broken-bottle'. */
export function readSession(paths: BottlePaths): SessionRecord | null {
  const value = readJson(paths.session);
  if (value === null) {
    return null;
  }
  const { phase, pid, startedAt, endedAt, exit, problems } = value;
  const known = PHASES.find(name => name === phase);
  if (
    known === undefined ||
    typeof pid !== 'number' ||
    typeof startedAt !== 'string' ||
    !(endedAt === null || typeof endedAt === 'string') ||
    !(exit === null || isExit(exit)) ||
    !isStrings(problems)
  ) {
    throw broken(paths.session, 'does not hold what this version writes there');
  }
  return { phase: known, pid, startedAt, endedAt, exit: exit && { code: exit.code }, problems };
}

export async function writeSession(paths: BottlePaths, session: SessionRecord): Promise<void> {
  await replaceFile(paths.session, `${JSON.stringify(session, null, 2)}\n`, { mode: 0o600 });
}

function isExit(value: unknown): value is ExitStatus {
  return typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'number';
}
