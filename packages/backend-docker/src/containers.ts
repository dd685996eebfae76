import type { BottleRef, ExitStatus } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { type Engine, EngineRefusal } from './engine.js';
import { listContainers } from './listing.js';
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

/** What stands of a bottle before it is launched. */
export interface Remains {
  readonly ids: readonly string[];
  readonly running: boolean;
}

/**
 * In one call: a launch waits for it. Compose would take what bears its own label for the bottle's, whoever made it.
 * @throws BackendError `launch-failed` where one of those is another's
 */
export async function remainsOf(engine: Engine, ref: BottleRef): Promise<Remains> {
  const project = projectOf(ref);
  const found = await listContainers(engine, `${PROJECT_LABEL}=${project}`);
  const foreign = found.find(({ stateFolder }) => stateFolder !== ref.stateFolder);
  if (foreign !== undefined) {
    throw new BackendError(
      'launch-failed',
      `the Compose project ${project} has a container that is not this bottle's: ${foreign.name}`,
      { remedy: `docker compose --project-name ${project} down` },
    );
  }
  return {
    ids: found.map(({ id }) => id),
    running: found.some(({ role, state }) => role === 'agent' && kindOf(state) === 'running'),
  };
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
  const kind = kindOf(status);
  return kind === 'exited' ? { state: kind, exit: { code: Number(code) } } : { state: kind };
}

/** An engine's word for a container's state: Docker's, or Podman's. */
export function kindOf(status: string): 'created' | 'exited' | 'running' {
  if (['created', 'configured', 'initialized'].includes(status)) return 'created';
  if (['exited', 'dead', 'stopped', 'removing'].includes(status)) return 'exited';
  return 'running';
}

/** Before it starts: whatever Compose made of the project, the agent's container has no other network. @throws BackendError `isolation-failed` */
export async function requireNetwork(
  engine: Engine,
  ref: BottleRef,
  network: 'none' | 'egress',
): Promise<void> {
  const agent = containerOf(ref, 'agent');
  const names = network === 'none' ? [agent] : [agent, containerOf(ref, 'egress')];
  const format = '{{.Id}} {{.HostConfig.NetworkMode}}';
  const answer = await engine.ask('container', 'inspect', '--format', format, ...names);
  const [[, given], [egress] = []] = answer.split('\n').map(line => line.split(' ')) as [string[], string[]?];
  const wanted = network === 'none' ? network : `container:${egress}`;
  if (given === wanted) return;
  throw new BackendError(
    'isolation-failed',
    `${agent} was given the network "${given}"; expected "${wanted}"`,
  );
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
