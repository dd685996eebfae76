import type { BottleRef, ExitStatus } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { type Engine, EngineRefusal } from './engine.js';
import { listContainers } from './listing.js';
import { type SeenContainer, seeContainer, seeContainers } from './lookups.js';
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
  const labels = [`${LABELS.identity}=${ref.identity}`, `${LABELS.state}=${ref.stateFolder}`];
  if (role !== undefined) labels.push(`${LABELS.role}=${role}`);
  const seen = await seeContainers(engine, labels);
  if (seen !== null) return seen.map(({ Id }) => Id);
  const options = labels.flatMap(label => ['--filter', `label=${label}`]);
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
  const name = containerOf(ref, role);
  const seen = (await seeContainer(engine, name)) ?? (await seenByClient(engine, name));
  if (seen === null || seen.stateFolder !== ref.stateFolder) return { state: 'absent' };
  const kind = kindOf(seen.status);
  if (kind !== 'exited') return { state: kind };
  return { state: kind, exit: { code: seen.exitCode, ...(seen.outOfMemory && { outOfMemory: true }) } };
}

async function seenByClient(
  engine: Engine,
  name: string,
): Promise<Pick<SeenContainer, 'status' | 'exitCode' | 'outOfMemory' | 'stateFolder'> | null> {
  const format = `{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}} {{index .Config.Labels "${LABELS.state}"}}`;
  try {
    const answer = await engine.ask('container', 'inspect', '--format', format, name);
    const [status = '', code = '', killed, ...folder] = answer.trim().split(' ');
    return { status, exitCode: Number(code), outOfMemory: killed === 'true', stateFolder: folder.join(' ') };
  } catch (error) {
    if (error instanceof EngineRefusal && NO_SUCH.test(error.message)) return null;
    throw error;
  }
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
  const [given, egress] = await networksOf(engine, names);
  const wanted = network === 'none' ? network : `container:${egress?.id}`;
  if (given?.network === wanted) return;
  throw new BackendError(
    'isolation-failed',
    `${agent} was given the network "${given?.network}"; expected "${wanted}"`,
  );
}

async function networksOf(
  engine: Engine,
  names: readonly string[],
): Promise<Pick<SeenContainer, 'id' | 'network'>[]> {
  const seen = await Promise.all(names.map(name => seeContainer(engine, name)));
  const all = seen.filter(container => container !== null);
  if (all.length === names.length) return all;
  const format = '{{.Id}} {{.HostConfig.NetworkMode}}';
  const answer = await engine.ask('container', 'inspect', '--format', format, ...names);
  return answer
    .trim()
    .split('\n')
    .map(line => {
      const [id = '', network = ''] = line.split(' ');
      return { id, network };
    });
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
