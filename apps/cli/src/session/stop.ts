import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
export interface StopOptions {
  /** Milliseconds between the request to stop and the kill; 10,000 by default, as Docker's. */
  readonly graceMs?: number;
}
export interface StopOutcome {
  /** False: nothing ran. */
  readonly stopped: boolean;
  readonly exit: { readonly code: number; readonly signal?: string } | null;
  readonly kept: boolean;
}
/** Ends the session in order and returns when its end sequence is done. */
export declare function stopBottle(context: Context, paths: BottlePaths, options?: StopOptions): Promise<StopOutcome>;
