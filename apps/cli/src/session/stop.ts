import type { ExitStatus } from '@bot-bottle/backend';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { encodeControl } from '../keeper/protocol.js';
import { DEFAULT_GRACE_MS } from '../keeper/stop-switch.js';
import { SessionError } from './errors.js';
import { KeeperConnection } from './keeper-connection.js';

export interface StopOptions {
  /** Milliseconds between the request to stop and the kill; 10,000 by default, as Docker's. 0 kills at once. */
  readonly graceMs?: number;
}

export interface StopOutcome {
  /** False: nothing ran. */
  readonly stopped: boolean;
  readonly exit: ExitStatus | null;
  /** The state stayed. */
  readonly kept: boolean;
  readonly notes: readonly string[];
}

/** Ends the session in order, and returns when its end sequence is done. Throws SessionError 'connection-lost'. */
export async function stopBottle(paths: BottlePaths, options: StopOptions = {}): Promise<StopOutcome> {
  let keeper: KeeperConnection;
  try {
    keeper = await KeeperConnection.open(paths);
  } catch (error) {
    if (error instanceof SessionError && error.code === 'not-running') {
      return { stopped: false, exit: null, kept: true, notes: [] };
    }
    throw error;
  }
  keeper.send(encodeControl({ type: 'stop', graceMs: options.graceMs ?? DEFAULT_GRACE_MS }));
  const { exit, kept, notes } = await keeper.follow(async () => {});
  return { stopped: true, exit, kept, notes };
}
