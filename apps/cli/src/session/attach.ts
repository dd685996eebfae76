import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';

export interface AttachOptions {
  /** In Docker's syntax, e.g. `ctrl-a,d`; ctrl-p,ctrl-q by default. Throws SessionError 'bad-detach-keys'. */
  readonly detachKeys?: string;
}

/** How a terminal's connection to a bottle ended. */
export type AttachOutcome =
  | {
      readonly kind: 'exited';
      readonly exit: { readonly code: number; readonly signal?: string };
      /** True: the state stayed, and `resume` continues it. False: it was removed. */
      readonly kept: boolean;
      /** Why it was kept or what could not be removed, where there is something to say. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'detached' };

/** Connects the context's stdin and stdout to a running bottle. Throws SessionError 'not-running', 'connection-lost'. */
export declare function attachTerminal(context: Context, paths: BottlePaths, options?: AttachOptions): Promise<AttachOutcome>;
