import type { BottleRef, ExitStatus } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { type Engine, EngineRefusal } from './engine.js';
import { containerOf, LABELS, PROJECT_LABEL, projectOf, type Role } from './names.js';

export type ContainerState =
  | { readonly state: 'absent' }
  | { readonly state: 'created' }
  | { readonly state: 'running' }
  | { readonly state: 'exited'; readonly exit: ExitStatus };

/** What the client says of a container that is not there; whatever else it says tells nothing of the container. */
const NO_SUCH = /no such (container|object)/i;

/** The ids of everything of this bottle, or of what has a role in it, by its labels. */
export async function containersOf(engine: Engine, ref: BottleRef, role?: Role): Promise<readonly string[]> {
  const filters = [`label=${LABELS.identity}=${ref.identity}`, `label=${LABELS.state}=${ref.stateFolder}`];
  if (role !== undefined) filters.push(`label=${LABELS.role}=${role}`);
  const options = filters.flatMap(filter => ['--filter', filter]);
  return words(await engine.ask('ps', '--all', '--quiet', '--no-trunc', ...options));
}

/** Compose would take what bears its own label for the bottle's, whoever made it. @throws BackendError `launch-failed` */
export async function refuseForeign(engine: Engine, ref: BottleRef): Promise<void> {
  const project = projectOf(ref);
  const format = `{{.Names}}\t{{.Label "${LABELS.state}"}}`;
  const listed = await engine.ask(
    'ps',
    '--all',
    '--filter',
    `label=${PROJECT_LABEL}=${project}`,
    '--format',
    format,
  );
  const foreign = listed.split('\n').find(line => line !== '' && line.split('\t')[1] !== ref.stateFolder);
  if (foreign === undefined) return;
  throw new BackendError(
    'launch-failed',
    `the Compose project ${project} has a container that is not this bottle's: ${foreign.split('\t')[0]}`,
    { remedy: `docker compose --project-name ${project} down` },
  );
}

/** How one of the bottle's containers stands. One of the same name that is another's counts as absent. */
export async function inspect(engine: Engine, ref: BottleRef, role: Role): Promise<ContainerState> {
  const format = `{{.State.Status}} {{.State.ExitCode}} {{index .Config.Labels "${LABELS.state}"}}`;
  let answer: string;
  try {
    answer = await engine.ask('container', 'inspect', '--format', format, containerOf(ref, role));
  } catch (error) {
    if (error instanceof EngineRefusal && NO_SUCH.test(error.message)) return { state: 'absent' };
    throw error;
  }
  const [status = '', code = '', ...folder] = answer.trim().split(' ');
  if (folder.join(' ') !== ref.stateFolder) return { state: 'absent' };
  if (status === 'created' || status === 'configured' || status === 'initialized')
    return { state: 'created' };
  if (status === 'exited' || status === 'dead' || status === 'stopped' || status === 'removing') {
    return { state: 'exited', exit: { code: Number(code) } };
  }
  return { state: 'running' };
}

/** Before it starts: whatever Compose made of the project, the agent's container has no other network. @throws BackendError `isolation-failed` */
export async function requireNetwork(
  engine: Engine,
  ref: BottleRef,
  network: 'none' | 'egress',
): Promise<void> {
  const agent = containerOf(ref, 'agent');
  const given = (
    await engine.ask('container', 'inspect', '--format', '{{.HostConfig.NetworkMode}}', agent)
  ).trim();
  const wanted = network === 'none' ? network : `container:${await idOf(engine, containerOf(ref, 'egress'))}`;
  if (given === wanted) return;
  throw new BackendError(
    'isolation-failed',
    `${agent} was given the network "${given}"; expected "${wanted}"`,
  );
}

async function idOf(engine: Engine, container: string): Promise<string> {
  return (await engine.ask('container', 'inspect', '--format', '{{.Id}}', container)).trim();
}

/** Removes them by force, with what was mounted of their own. One that goes meanwhile is fine. */
export async function removeContainers(engine: Engine, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await engine.change(['rm', '--force', '--volumes', ...ids]).catch(ignoreRefusal);
}

export function ignoreRefusal(error: unknown): void {
  if (!(error instanceof EngineRefusal)) throw error;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(word => word !== '');
}
