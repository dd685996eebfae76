import { join } from 'node:path';
import type { BottleRef } from '@bot-bottle/backend';
import type { BottleRecord } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';

/**
 * How an adapter finds a bottle. Apart from its specification, which needs all that reads a live config.
 * @param record null where there is none or it cannot be read: the bottle then goes by the name that its identity gives
 */
export function bottleRef(
  paths: BottlePaths,
  record: Pick<BottleRecord, 'composeProject'> | null,
): BottleRef {
  const stateFolder = join(paths.sidecar('agent'), 'backend');
  const project = record?.composeProject;
  return { identity: paths.identity, stateFolder, ...(project ? { project } : {}) };
}
