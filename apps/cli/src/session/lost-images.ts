import type { LeftEntry } from '@bot-bottle/durable-fs';
import { isIdentity } from '@bot-bottle/identity';
import { overrideImage } from '@bot-bottle/preserve';
import { type BottlePaths, bottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import type { BackendSurveys } from './at-backend.js';
import type { BackendRef, FindBackend } from './backend-ref.js';
import { bottleRef } from './bottle-ref.js';
import { removeImage } from './image.js';
import { isThere } from './is-there.js';
import { isForgotten } from './orphans.js';

/** What was built of a Dockerfile that is gone, with all of its bottle of this root. */
export interface LostImage {
  readonly paths: BottlePaths;
  readonly backend: BackendRef;
  /** One that was superseded while it ran has a name beside the latest. */
  readonly names: readonly string[];
}

/**
 * Looks through the images that the named backends built for bottles. One whose containers are there still goes with them:
 * `./orphans.ts`. Backends that do not answer are in `surveys.failures()`.
 */
export async function findLostImages(
  root: string,
  backends: { readonly names: readonly string[]; readonly find: FindBackend },
  surveys: BackendSurveys,
): Promise<readonly LostImage[]> {
  const lost: LostImage[] = [];
  for (const name of backends.names) {
    const backend = backends.find(name);
    if (backend === undefined) continue;
    const found = new Map<string, { readonly paths: BottlePaths; readonly names: string[] }>();
    const folders = new Set([...(await surveys.bottlesOf(name))].map(({ bottle }) => bottle?.stateFolder));
    for (const { bottle, name: image } of await surveys.imagesOf(name)) {
      if (!isIdentity(bottle.identity) || folders.has(bottle.stateFolder)) continue;
      const paths = bottlePaths(root, bottle.identity);
      if (bottle.stateFolder !== bottleRef(paths, null).stateFolder) continue;
      // What an operator made of it bears its labels.
      if (repositoryOf(image) !== repositoryOf(overrideImage(bottle.identity))) continue;
      if (!isForgotten(paths) || isThere(paths.dockerfile)) continue;
      const known = found.get(bottle.identity);
      if (known === undefined) found.set(bottle.identity, { paths, names: [image] });
      else known.names.push(image);
    }
    for (const image of found.values()) lost.push({ backend, ...image });
  }
  return lost;
}

/** Returns what is left of it. */
export async function removeLostImage({ paths, backend }: LostImage): Promise<readonly LeftEntry[]> {
  return removeImage(await loadBackend(backend), paths);
}

/** `its state is gone, and docker has its image bot-bottle-rebuilt-claude-x7k2p:latest`. */
export function describeLostImage({ backend, names }: LostImage): string {
  return `its state is gone, and ${backend.name} has its image ${names.join(', ')}`;
}

function repositoryOf(image: string): string {
  return image.replace(/:[^:/]*$/, '');
}
