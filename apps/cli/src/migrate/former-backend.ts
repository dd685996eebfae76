import type { BottleRecord } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import type { BackendRef } from '../session/backend-ref.js';
import { bottleRef } from '../session/bottle-ref.js';
import { removeImage } from '../session/image.js';
import { type LaunchRecord, writeLaunch } from '../session/launch-file.js';

/**
 * A migration changes the record, then destroys what is left at the former backend, then changes `launch.json`. So the two name
 * different backends just as long as something may be left, and whoever comes next, under the lease, finishes it here.
 * @param now the record's backend
 * @returns the launch as it is then; the same where nothing was to be done
 */
export async function clearFormerBackend(
  paths: BottlePaths,
  record: BottleRecord,
  launch: LaunchRecord,
  now: BackendRef,
): Promise<LaunchRecord> {
  if (launch.backend.name === now.name) return launch;
  const former = await loadBackend(launch.backend);
  await former.destroy(bottleRef(paths, record));
  // What of an image cannot be removed is no reason to stay.
  await removeImage(former, paths);
  const { name, module } = now;
  const moved = { ...launch, backend: { name, ...(module === undefined ? {} : { module }) } };
  await writeLaunch(paths, moved);
  return moved;
}
