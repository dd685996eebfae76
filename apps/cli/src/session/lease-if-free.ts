import { acquireLease, type Lease, PreserveError } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';

/**
 * The bottle's lease; null: somebody has it, or the bottle is gone. `note` says what it is taken for.
 * @throws PreserveError `lease-unknown`: whether its owner lives cannot be told from here
 */
export async function leaseIfFree(
  paths: BottlePaths,
  note: Parameters<typeof acquireLease>[1],
): Promise<Lease | null> {
  try {
    return await acquireLease(paths, note);
  } catch (error) {
    if (error instanceof PreserveError && (error.code === 'lease-held' || error.code === 'no-such-bottle')) {
      return null;
    }
    throw error;
  }
}
