// What becomes of a bottle's state: one pure decision, for the end of a session and for the sweep.

/** Who owns the lease: whoever decides (`own`), nobody (`none`), or another process in one of three states. */
export type EndLease = 'own' | 'none' | 'dead' | 'alive' | 'unknown';

/**
 * How the session ended.
 * - `exited`: the agent came to its end, or was stopped, and what ran it is torn down.
 * - `blocked`: it waits for an approved change of its image, and is resumed with it.
 * - `still-running`: the tear-down failed: something may still write into the state.
 * - `start-failed`: a new bottle never came up. `resume-failed`: an existing one did not, and is as it was before.
 */
export type SessionOutcome = 'exited' | 'blocked' | 'still-running' | 'start-failed' | 'resume-failed';

export interface EndFacts {
  lease: EndLease;
  /** Whether the marker is there. */
  preserved: boolean;
  /**
   * `absent`: a start was cut off before it wrote one. `unreadable`: broken, newer than this version, or gone from a
   * bottle that has been at work.
   */
  record: 'readable' | 'absent' | 'unreadable';
  /** Default `exited`: all that a sweep can know of a session that is dead. */
  outcome?: SessionOutcome;
  /** Remove also what is preserved or cannot be read. Default false. Never overrides a lease or a running bottle. */
  force?: boolean;
}

export type KeepReason =
  | 'lease-alive'
  | 'lease-unknown'
  | 'still-running'
  | 'preserved'
  | 'blocked'
  | 'resume-failed'
  | 'record-unreadable';

export type RemoveReason = 'ended' | 'never-started' | 'forced';

export type EndDecision = { action: 'keep'; reason: KeepReason } | { action: 'remove'; reason: RemoveReason };

/** Keep or remove, and why. Keeping has priority: the first reason to keep, in the order of `KeepReason`, is given. */
export function decideEnd(facts: EndFacts): EndDecision {
  const { lease, outcome = 'exited', force = false } = facts;
  if (lease === 'alive') return keep('lease-alive');
  if (lease === 'unknown') return keep('lease-unknown');
  if (outcome === 'still-running') return keep('still-running');
  const wanted = reasonToKeep(facts, outcome);
  if (wanted !== null) return force ? { action: 'remove', reason: 'forced' } : keep(wanted);
  const started = facts.record === 'readable' && outcome !== 'start-failed';
  return { action: 'remove', reason: started ? 'ended' : 'never-started' };
}

function reasonToKeep(facts: EndFacts, outcome: SessionOutcome): KeepReason | null {
  if (facts.preserved) return 'preserved';
  if (outcome === 'blocked' || outcome === 'resume-failed') return outcome;
  return facts.record === 'unreadable' ? 'record-unreadable' : null;
}

function keep(reason: KeepReason): EndDecision {
  return { action: 'keep', reason };
}
