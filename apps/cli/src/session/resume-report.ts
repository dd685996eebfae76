import type { LeftEntry } from '@bot-bottle/durable-fs';

/** What came back and what did not. */
export interface ResumeReport {
  /** `running`: it ran on without its keeper, and was taken over. */
  readonly agent: 'started' | 'running';
  /** `copied`: anew, for the older tool's copy is not kept in its state. */
  readonly workspace: 'mounted' | 'in place' | 'copied' | 'missing';
  /** `as it ran`: the agent ran on. `unused override`: the bottle has a Dockerfile of its own, and its backend runs no images. */
  readonly image: 'agent' | 'override' | 'unused override' | 'as it ran';
  readonly home: 'in place' | 'missing';
  /** Of the agent's transcript folders, relative to its home. */
  readonly transcript: {
    readonly restored: readonly string[];
    readonly inPlace: readonly string[];
    readonly missing: readonly string[];
    readonly left: readonly LeftEntry[];
  };
  /** `reset`: it was gone, so nobody is allowed. `as started`: the older tool wrote none, so it is that of a new bottle. */
  readonly liveConfig: 'in place' | 'reset' | 'as started';
  readonly labels: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** Names that were passed when it was started and that the operator's environment does not hold now. */
  readonly absentEnv: readonly string[];
}
