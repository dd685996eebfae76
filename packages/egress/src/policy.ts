import type { AllowlistEntry, Route } from '@bot-bottle/live-config';

/** What is in force. */
export interface Policy {
  /** Of the live config that it was read from; 0 where nothing was written yet. */
  readonly generation: number;
  readonly revision: string;
  readonly allowlist: readonly AllowlistEntry[];
  readonly routes: readonly Route[];
}
