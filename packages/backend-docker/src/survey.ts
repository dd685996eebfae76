import type { Sighting } from '@bot-bottle/backend';
import { isIdentity } from '@bot-bottle/identity';
import { kindOf } from './containers.js';
import type { Engine } from './engine.js';
import { LABELS, PROJECT_LABEL } from './names.js';

/** One container, as `docker ps` tells of it. What it does not bear is empty. */
interface Row {
  readonly name: string;
  readonly state: string;
  readonly createdAt: Date;
  readonly project: string;
  readonly identity: string;
  readonly stateFolder: string;
  readonly role: string;
}

// Each value in JSON: a path may hold whatever separates words.
const COLUMNS = [
  '.Names',
  '.State',
  '.CreatedAt',
  ...[PROJECT_LABEL, LABELS.identity, LABELS.state, LABELS.role].map(label => `(.Label "${label}")`),
];
const FORMAT = `[${COLUMNS.map(column => `{{json ${column}}}`).join(',')}]`;

/** Every project of Compose's that is there: the bottles', and what only has the name of one. */
export async function survey(engine: Engine): Promise<readonly Sighting[]> {
  const filter = `label=${PROJECT_LABEL}`;
  const listed = await engine.ask('ps', '--all', '--no-trunc', '--filter', filter, '--format', FORMAT);
  const projects = new Map<string, [Row, ...Row[]]>();
  for (const line of listed.split('\n')) {
    if (line === '') continue;
    const row = parse(line);
    const key = JSON.stringify([row.project, row.identity, row.stateFolder]);
    const others = projects.get(key);
    if (others === undefined) projects.set(key, [row]);
    else others.push(row);
  }
  return [...projects.values()].map(sightingOf);
}

function parse(line: string): Row {
  const [name = '', state = '', at = '', project = '', identity = '', stateFolder = '', role = ''] =
    JSON.parse(line) as string[];
  return { name, state, createdAt: parseTime(at), project, identity, stateFolder, role };
}

/** Go's `2006-01-02 15:04:05 -0700 MST`, which the client's own formatting gives. */
function parseTime(text: string): Date {
  return new Date(text.replace(/^(\S+) (\S+) ([+-]\d\d)(\d\d).*$/, '$1T$2$3:$4'));
}

function sightingOf(rows: readonly [Row, ...Row[]]): Sighting {
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
