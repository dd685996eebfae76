import type { BottleRef, FolderMount, Recollection } from '@bot-bottle/backend';
import { containersOf, ignoreRefusal } from './containers.js';
import type { Engine } from './engine.js';
import { LABELS, OPERATOR_LABEL, PROJECT_LABEL } from './names.js';

/** What this adapter reads of `docker container inspect` (docs.docker.com/reference/api/engine, ContainerInspect). */
interface Inspected {
  readonly Created: string;
  readonly Args: readonly string[];
  readonly Config: {
    readonly Image: string;
    /** Podman's own client joins it by spaces. */
    readonly Entrypoint: readonly string[] | string | null;
    readonly Env: readonly string[];
    readonly WorkingDir: string;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Source: string;
    readonly Destination: string;
  }[];
}

/** What a bottle was made of, as its agent's container has it; null where that is gone, or was not made by `composeText`. */
export async function recall(engine: Engine, ref: BottleRef): Promise<Recollection | null> {
  const [id] = await containersOf(engine, ref, 'agent');
  if (id === undefined) return null;
  const answer = await engine.ask('container', 'inspect', id).catch(ignoreRefusal);
  // It went meanwhile.
  if (answer === undefined) return null;
  const [{ Created, Args, Config, Mounts }] = JSON.parse(answer) as [Inspected];
  const { Image, Entrypoint, Env, WorkingDir, Labels } = Config;
  const at = (target: string | undefined): FolderMount | null => {
    const mount = Mounts.find(({ Type, Destination }) => Type === 'bind' && Destination === target);
    return mount === undefined ? null : { source: mount.Source, target: mount.Destination };
  };
  const workspace = at(WorkingDir);
  const home = at(Env.find(entry => entry.startsWith('HOME='))?.slice('HOME='.length));
  if (workspace === null || home === null || Entrypoint === null) return null;
  const own = Object.entries(Labels).filter(([name]) => name.startsWith(OPERATOR_LABEL));
  return {
    agentName: Labels[LABELS.agent] ?? '',
    // To Podman the program is its init, and its first argument "--".
    command: typeof Entrypoint === 'string' ? Args.slice(1) : Entrypoint,
    image: Image,
    workspace,
    home,
    labels: Object.fromEntries(own.map(([name, value]) => [name.slice(OPERATOR_LABEL.length), value])),
    project: Labels[PROJECT_LABEL] ?? '',
    createdAt: new Date(Created),
  };
}
