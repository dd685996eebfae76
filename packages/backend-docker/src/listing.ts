import { type Engine, EngineRefusal } from './engine.js';
import { type ListedContainer, seeContainers } from './lookups.js';
import { LABELS, PROJECT_LABEL } from './names.js';

/** One container of a list. What it does not bear is empty. */
export interface Listed {
  readonly id: string;
  readonly name: string;
  /** The engine's word for it. */
  readonly state: string;
  readonly createdAt: Date;
  readonly project: string;
  readonly identity: string;
  readonly stateFolder: string;
  readonly role: string;
}

const LABEL_COLUMNS = [PROJECT_LABEL, LABELS.identity, LABELS.state, LABELS.role];
const COLUMNS = [
  '.ID',
  '.Names',
  '.State',
  '.CreatedAt',
  ...LABEL_COLUMNS.map(label => `(.Label "${label}")`),
];
// Each value in JSON: a path may hold whatever separates words.
const FORMAT = `[${COLUMNS.map(column => `{{json ${column}}}`).join(',')}]`;

/** Podman's own client in the place of Docker's (the package podman-docker) lists no single label. */
const NO_SINGLE_LABEL = /can't evaluate field Label/;

/** All containers that bear a label, in one call. */
export async function listContainers(engine: Engine, label: string): Promise<readonly Listed[]> {
  const seen = await seeContainers(engine, [label]);
  if (seen !== null) return seen.map(fromJson);
  const list = (format: string) =>
    engine.ask('ps', '--all', '--no-trunc', '--filter', `label=${label}`, '--format', format);
  try {
    const lines = (await list(FORMAT)).split('\n').filter(line => line !== '');
    return lines.map(line => fromColumns(JSON.parse(line) as string[]));
  } catch (error) {
    if (!(error instanceof EngineRefusal && NO_SINGLE_LABEL.test(error.message))) throw error;
    return (JSON.parse(await list('json')) as ListedContainer[]).map(fromJson);
  }
}

function fromColumns([id = '', name = '', state = '', at = '', ...labels]: readonly string[]): Listed {
  const [project = '', identity = '', stateFolder = '', role = ''] = labels;
  return { id, name, state, createdAt: parseTime(at), project, identity, stateFolder, role };
}

/** Go's `2006-01-02 15:04:05 -0700 MST`, which the client's own formatting gives. */
function parseTime(text: string): Date {
  return new Date(text.replace(/^(\S+) (\S+) ([+-]\d\d)(\d\d).*$/, '$1T$2$3:$4'));
}

function fromJson({ Id: id, Names, State: state, Created, Labels }: ListedContainer): Listed {
  const [project = '', identity = '', stateFolder = '', role = ''] = LABEL_COLUMNS.map(
    label => Labels[label],
  );
  const createdAt = new Date(Created * 1000);
  // The API has them as paths.
  const name = Names[0]?.replace(/^\//, '') ?? '';
  return { id, name, state, createdAt, project, identity, stateFolder, role };
}
