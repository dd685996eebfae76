import { createHash } from 'node:crypto';
import type { BottleRef, Limits } from '@bot-bottle/backend';
import { realOf } from '@bot-bottle/backend';

export interface GroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
  readonly cpus?: number | undefined;
}

/** How a launch gets into its group. */
export interface GroupEntry {
  /** Program and arguments to run the launch with. */
  readonly prefix: readonly string[];
  /** What that program needs of the operator's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Groups that the launch script joins. */
  readonly folders: readonly string[];
}

/** Limits for a bottle as a whole. */
export interface LimitGroup {
  readonly limits: readonly (keyof GroupLimits & keyof Limits)[];
  /** @param name what `groupName` says */
  enter(name: string, limits: GroupLimits): GroupEntry;
  /** Whether the kernel killed a process in it for its memory limit. False also where nobody can tell any more. */
  ranOutOfMemory(name: string): boolean;
  /** Removes what `enter` made, once nothing runs in it; waits a second for that. Idempotent. */
  leave(name: string): Promise<void>;
}

/** The machine has one tree of groups for all roots, and a root that was copied holds the same identities once more. */
export function groupName({ identity, stateFolder }: BottleRef): string {
  const place = createHash('sha256').update(realOf(stateFolder)).digest('hex').slice(0, 8);
  return `bot-bottle-${identity}-${place}`;
}
