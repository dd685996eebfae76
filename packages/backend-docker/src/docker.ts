import { homedir } from 'node:os';
import type {
  Backend,
  BottleRef,
  BottleSpec,
  BottleStatus,
  Capabilities,
  DestroyReport,
} from '@bot-bottle/backend';
import {
  BackendError,
  CONTRACT_VERSION,
  checkSpec,
  type Forbidden,
  resolveMounts,
} from '@bot-bottle/backend';
import { stateRoot } from '@bot-bottle/state-paths';
import type { Environment } from './command.js';
import { composeText, ENVIRONMENT } from './compose.js';
import { containersOf, inspect, remainsOf, removeContainers } from './containers.js';
import { egressImage } from './egress-image.js';
import { Engine, EngineRefusal } from './engine.js';
import { imageBuilder } from './image-builder.js';
import { filesIn } from './image-files.js';
import { imageId } from './images.js';
import { projectOf } from './names.js';
import { probe } from './probe.js';
import { recall } from './recall.js';
import { readPrepared, removeScratch, scratchOf, writeScratch } from './scratch.js';
import { attachProject, launchProject } from './session.js';
import { stopAgent } from './stop.js';
import { survey } from './survey.js';
import { operatorUser } from './user.js';

export interface DockerOptions {
  /** Where the client is found and which engine it speaks to (DOCKER_HOST, DOCKER_CONTEXT). Default: process.env. */
  readonly env?: Environment;
  /** The image of a bottle whose specification names none. Default: BOT_BOTTLE_IMAGE of `env`, else `debian:stable`. */
  readonly image?: string;
  /** The operator's home, which no bottle may be given. Default: os.homedir(). */
  readonly home?: string;
  /** The root of all bottles' state, which no bottle may be given. Default: state-paths' stateRoot(). */
  readonly stateRoot?: string;
}

const DEFAULT_IMAGE = 'debian:stable';

const CAPABILITIES: Capabilities = {
  isolation: 'container',
  network: 'egress',
  attach: true,
  resize: true,
  images: true,
  workspaces: ['empty', 'mount', 'copy'],
  environment: ENVIRONMENT,
};

/** Bottles of this process that are being launched. Among processes, the lease decides. */
const launching = new Set<string>();

/** Runs a bottle as a Compose project of two containers: the agent's, and the one through which it reaches its keeper's proxy. */
export function dockerBackend(options: DockerOptions = {}): Backend {
  const env = options.env ?? process.env;
  const home = options.home ?? homedir();
  const forbidden: Forbidden = { home, stateRoot: options.stateRoot ?? stateRoot({ env, home }) };
  const engine = new Engine(env);
  const defaultImage = options.image ?? (env['BOT_BOTTLE_IMAGE'] || DEFAULT_IMAGE);
  const prepared = (ref: BottleRef) => readPrepared(scratchOf(ref));

  return {
    name: 'docker',
    contract: CONTRACT_VERSION,
    capabilities: CAPABILITIES,
    builder: imageBuilder(engine, defaultImage),
    probe: () => probe(engine),

    async prepare(spec) {
      checkSpec(spec, CAPABILITIES);
      const mounts = resolveMounts(spec, forbidden);
      const image = spec.image ?? defaultImage;
      await translated('launch-failed', () => writeProject(engine, spec, image, mounts));
      return { spec };
    },

    async launch({ spec }, host) {
      return translated('launch-failed', async () => {
        if (launching.has(spec.stateFolder)) throw alreadyRunning(spec);
        launching.add(spec.stateFolder);
        try {
          const before = await remainsOf(engine, spec);
          if (before.running) throw alreadyRunning(spec);
          if (prepared(spec) === null) {
            throw new BackendError('not-prepared', `${spec.identity} was not prepared`);
          }
          await removeContainers(engine, before.ids);
          return await launchProject(engine, spec, host).catch(async (error: unknown) => {
            await removeContainers(engine, await containersOf(engine, spec));
            throw error;
          });
        } finally {
          launching.delete(spec.stateFolder);
        }
      });
    },

    async attach(ref, host) {
      return translated('launch-failed', async () => {
        if ((await statusOf(engine, ref)).state !== 'running') {
          throw new BackendError('not-running', `${ref.identity} does not run`);
        }
        return attachProject(engine, ref, host);
      });
    },

    status: ref => translated('unavailable', () => statusOf(engine, ref)),

    stop: (ref, { graceMs }) => translated('stop-failed', () => stopAgent(engine, ref, graceMs)),

    destroy: ref => translated('stop-failed', () => destroy(engine, ref)),

    survey: () => translated('unavailable', () => survey(engine)),

    recall: ref => translated('unavailable', () => recall(engine, ref)),
  };
}

/** What bot-bottle's CLI looks for in an adapter's module. */
export function createBackend(): Backend {
  return dockerBackend();
}

async function writeProject(
  engine: Engine,
  spec: BottleSpec,
  image: string,
  mounts: ReturnType<typeof resolveMounts>,
): Promise<void> {
  const [files, egress] = await Promise.all([
    imageId(engine, image).then(id => filesIn(engine, id, spec)),
    spec.egress === undefined ? null : egressImage(engine),
    // Only looked up early: the launch needs it at once.
    engine.composeCommand(),
  ]);
  const scratch = scratchOf(spec);
  const project = { spec, scratch, mounts, image, files, egressImage: egress, user: operatorUser() };
  writeScratch(scratch, { port: spec.egress?.port ?? null }, projectOf(spec), composeText(project));
}

async function statusOf(engine: Engine, ref: BottleRef): Promise<BottleStatus> {
  const seen = await inspect(engine, ref, 'agent');
  if (seen.state === 'running' || seen.state === 'exited') return seen;
  return { state: readPrepared(scratchOf(ref)) === null ? 'absent' : 'prepared' };
}

async function destroy(engine: Engine, ref: BottleRef): Promise<DestroyReport> {
  const containers = await containersOf(engine, ref);
  await removeContainers(engine, containers);
  const { removed, left } = removeScratch(scratchOf(ref));
  return { removed: (removed || containers.length > 0) && left.length === 0, left };
}

function alreadyRunning({ identity }: BottleRef): BackendError {
  return new BackendError('already-running', `${identity} runs already`);
}

/** What the engine refused, in the contract's words. */
async function translated<T>(
  code: 'launch-failed' | 'stop-failed' | 'unavailable',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    // Docker's words, and Podman's. Another's container stays: only its owner knows what it is.
    const [, taken] = /container name "\/?([\w.-]+)" is already in use/i.exec(error.message) ?? [];
    const remedy = taken === undefined ? {} : { remedy: `docker rename ${taken} ${taken}-other` };
    throw new BackendError(code, `the engine refused: ${error.message}`, { cause: error, ...remedy });
  }
}
