import type { Sighting } from '@bot-bottle/backend';
import { isIdentity } from '@bot-bottle/identity';
import { kindOf } from './containers.js';
import type { Engine } from './engine.js';
import { type Listed, listContainers } from './listing.js';
import { PROJECT_LABEL } from './names.js';

/** Every project of Compose's that is there: the bottles', and what only has the name of one. */
export async function survey(engine: Engine): Promise<readonly Sighting[]> {
  const projects = new Map<string, [Listed, ...Listed[]]>();
  for (const row of await listContainers(engine, PROJECT_LABEL)) {
    const key = JSON.stringify([row.project, row.identity, row.stateFolder]);
    const others = projects.get(key);
    if (others === undefined) projects.set(key, [row]);
    else others.push(row);
  }
  return [...projects.values()].map(sightingOf);
}

function sightingOf(rows: readonly [Listed, ...Listed[]]): Sighting {
  const [{ project, identity, stateFolder }] = rows;
  const bottle = isIdentity(identity) && stateFolder !== '' ? { identity, stateFolder, project } : null;
  // What is not ours has no roles; of what is, a sidecar alone is no bottle that runs.
  const running = rows.some(
    ({ state, role }) => kindOf(state) === 'running' && (bottle === null || role === 'agent'),
  );
  return {
    bottle,
    project,
    state: running ? 'running' : 'exited',
    names: rows.map(({ name }) => name).sort(),
    createdAt: new Date(Math.min(...rows.map(row => row.createdAt.getTime()))),
  };
}
