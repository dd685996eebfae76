import { join } from 'node:path';
import type { BottleRef } from '@bot-bottle/backend';
import type { BottlePaths } from '@bot-bottle/state-paths';

/** How an adapter finds a bottle. Apart from its specification, which needs all that reads a live config. */
export function bottleRef(paths: BottlePaths): BottleRef {
  return { identity: paths.identity, stateFolder: join(paths.sidecar('agent'), 'backend') };
}
