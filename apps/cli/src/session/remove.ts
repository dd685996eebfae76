import type { TreeReport } from '@bot-bottle/durable-fs';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { FindBackend } from './backend-ref.js';
export interface RemoveOptions {
  readonly backends: FindBackend;
  /** Remove a preserved bottle as well, and stop a running one first. */
  readonly force?: boolean;
  /** Milliseconds between the request to stop and the kill; 10,000 by default. */
  readonly graceMs?: number;
}
/** Removes what the bottle left at its backend, then its state. Idempotent. Throws SessionError 'already-running'. */
export declare function removeSession(paths: BottlePaths, options: RemoveOptions): Promise<TreeReport>;
