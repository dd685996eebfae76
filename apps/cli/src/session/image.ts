import type { Backend, BuildHost, ImageBuild, ImageBuilder } from '@bot-bottle/backend';
import type { LeftEntry } from '@bot-bottle/durable-fs';
import { slugify } from '@bot-bottle/identity';
import { overrideImage, readOverride } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import { edit } from '../output/shell-word.js';
import { codeOf, messageOf } from '../thrown.js';
import { bottleRef } from './bottle-ref.js';
import { SessionError } from './errors.js';

/** Images of agents' own Dockerfiles: `bot-bottle-agent-<agent>:<digest>`, shared by bottles. */
const AGENT_IMAGE = 'bot-bottle-agent-';

export interface ImageInput {
  readonly backend: Backend;
  readonly agent: AgentDefinition;
  /** Null: the bottle is not there yet, so it has no Dockerfile of its own. */
  readonly paths: BottlePaths | null;
  readonly host: BuildHost;
  /** Default false. */
  readonly noCache?: boolean;
}

export interface AgentImage {
  /** For the specification; undefined: the backend's default, or none. */
  readonly image: string | undefined;
  /** `unused override`: the bottle has a Dockerfile of its own, and its backend runs no images at all. */
  readonly of: 'agent' | 'override' | 'unused override';
  /** Something was built. */
  readonly built: boolean;
}

/**
 * The image that a bottle runs next: of its own Dockerfile, with the context of its agent's; else of its agent's; else the one
 * that its agent names. Throws SessionError 'build-failed' with a remedy, 'no-images'.
 */
export async function imageOf(input: ImageInput): Promise<AgentImage> {
  const { backend, agent, paths } = input;
  const overridden = paths !== null && readOverride(paths) !== null;
  if (overridden && !backend.capabilities.images) {
    return { image: agent.image, of: 'unused override', built: false };
  }
  if (overridden) {
    const built = await build(input, `bot-bottle image ${paths.identity} --edit`, {
      name: overrideImage(paths.identity),
      bottle: bottleRef(paths, null),
      dockerfile: paths.dockerfile,
      context: agent.dockerfile?.context ?? null,
      // Its COPY finds what that of the original finds.
      ...(agent.dockerfile && { ignore: `${agent.dockerfile.path}.dockerignore` }),
    });
    return { ...built, of: 'override' };
  }
  if (agent.dockerfile === undefined) return { image: agent.image, of: 'agent', built: false };
  const { path, context } = agent.dockerfile;
  const name = `${AGENT_IMAGE}${slugify(agent.name)}`;
  return { ...(await build(input, edit(path), { name, dockerfile: path, context })), of: 'agent' };
}

/** Removes the image of the bottle's own Dockerfile; returns what is left of it. */
export async function removeImage({ builder }: Backend, paths: BottlePaths): Promise<readonly LeftEntry[]> {
  if (builder === undefined) return [];
  const name = overrideImage(paths.identity);
  try {
    return (await builder.remove(bottleRef(paths, null), name)).left;
  } catch (error) {
    // Without it the bottle can go all the same.
    return [{ path: name, reason: messageOf(error) }];
  }
}

/** Throws SessionError 'no-images'. */
export function builderOf({ name, builder }: Backend, what: string): ImageBuilder {
  if (builder !== undefined) return builder;
  throw new SessionError(
    'no-images',
    `${what}: the backend "${name}" builds no images; expected one that does`,
    {
      remedy: 'bot-bottle start AGENT --backend docker',
    },
  );
}

async function build(
  { backend, agent, host, noCache = false }: ImageInput,
  remedy: string,
  source: ImageBuild,
): Promise<{ readonly image: string; readonly built: boolean }> {
  const builder = builderOf(backend, `agent "${agent.name}" has a Dockerfile, ${source.dockerfile}`);
  let silent = true;
  const progress = (line: string): void => {
    if (silent) host.progress(`building the image of ${source.dockerfile}`);
    silent = false;
    host.progress(line);
  };
  try {
    return await builder.build({ ...source, noCache }, { ...host, progress });
  } catch (error) {
    if (codeOf(error) !== 'build-failed') throw error;
    throw new SessionError('build-failed', messageOf(error), { cause: error, remedy });
  }
}
