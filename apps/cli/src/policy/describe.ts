import { type LiveConfig, LiveConfigError, readLiveConfig } from '@bot-bottle/live-config';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { appliedNow } from './acknowledge.js';

/** How a bottle's policy stands. */
export interface PolicyDescription {
  /** What is written; null: it cannot be read. */
  readonly config: LiveConfig | null;
  /** Why it cannot be read. */
  readonly problem: string | null;
  /** Whether the proxy has what is written in force; null: the bottle does not run. */
  readonly inForce: boolean | null;
  /** What the proxy has in force; null: the bottle does not run. */
  readonly applied: { readonly generation: number; readonly at: string } | null;
  /** What the proxy says of a policy that it could not take; the last good one is in force. */
  readonly refused: string | null;
}

/** A broken policy is described, never thrown. */
export function describePolicy(paths: BottlePaths): PolicyDescription {
  const { config, problem } = attempt(paths);
  const applied = appliedNow(paths);
  return {
    config,
    problem,
    inForce: applied && applied.revision === config?.revision,
    applied: applied && { generation: applied.generation, at: applied.at },
    refused: applied?.refused?.message ?? null,
  };
}

/** "generation 4, in force"; a word for what a person has to know first. */
export function summarise({ config, problem, inForce, applied }: PolicyDescription): string {
  const parts = [
    config === null ? 'cannot be read' : `generation ${config.generation}`,
    config?.edited ? 'edited by hand' : null,
    inForce === true ? 'in force' : null,
    inForce === false ? `not in force; generation ${applied?.generation} is` : null,
    inForce === null && problem === null ? 'the bottle does not run' : null,
  ];
  return parts.filter(part => part !== null).join(', ');
}

function attempt(paths: BottlePaths): Pick<PolicyDescription, 'config' | 'problem'> {
  try {
    return { config: readLiveConfig(paths), problem: null };
  } catch (error) {
    if (!(error instanceof LiveConfigError)) throw error;
    return { config: null, problem: error.message };
  }
}
