import { type Identity, IdentityError, parseIdentity } from '@bot-bottle/identity';
import { StatePathsError } from './errors.js';
import { type RootPaths, rootPaths } from './root.js';

/** Who has a scratch folder in a bottle's state: its config, its CA, hooks, env file, prompt. */
export type SidecarName = 'agent' | 'egress' | 'git-gate' | 'pipelock' | 'supervise';

const SIDECARS: ReadonlySet<string> = new Set<SidecarName>([
  'agent',
  'egress',
  'git-gate',
  'pipelock',
  'supervise',
]);

/** Every path of one bottle, absolute. Made of strings alone: nothing of it need exist. */
export interface BottlePaths {
  readonly root: string;
  readonly identity: Identity;
  /** `<root>/state/<identity>`: all of the following lie in it, but for `queue`. */
  readonly folder: string;
  readonly metadata: string;
  /** Claimed while the record is changed. */
  readonly metadataLock: string;
  /** The per-bottle override of the agent's Dockerfile. */
  readonly dockerfile: string;
  readonly transcript: string;
  /** The folder that sidecars mount read-only; `routes`, `allowlist` and `generation` lie in it. */
  readonly liveConfig: string;
  readonly routes: string;
  readonly allowlist: string;
  readonly generation: string;
  /** The empty marker `.preserve`. */
  readonly preserve: string;
  readonly lease: string;
  /** The agent's definition as it was at launch. */
  readonly launch: string;
  /** Phase and exit status of the last session. */
  readonly session: string;
  /** What the terminal showed. */
  readonly terminalLog: string;
  readonly controlSocket: string;
  readonly workspace: string;
  /** The agent's HOME, in its sidecar folder. */
  readonly home: string;
  /** `<root>/queue/<identity>`. */
  readonly queue: string;
  /** @throws {StatePathsError} `unsafe-name` for any other text */
  sidecar(name: SidecarName): string;
}

/**
 * @throws {StatePathsError} `bad-root`, or `unsafe-name` when a cast let through what is no identity: no path is ever
 * built from such a name
 */
export function bottlePaths(root: string, identity: Identity): BottlePaths {
  const under = rootPaths(root);
  return pathsOf(under, checkedIdentity(under.root, identity));
}

/** For an identity and a root that were checked. */
export function pathsOf({ root, state, queue }: RootPaths, id: Identity): BottlePaths {
  const folder = `${state}/${id}`;
  const liveConfig = `${folder}/live-config`;
  return {
    root,
    identity: id,
    folder,
    metadata: `${folder}/metadata.json`,
    metadataLock: `${folder}/metadata.lock`,
    dockerfile: `${folder}/Dockerfile`,
    transcript: `${folder}/transcript`,
    liveConfig,
    routes: `${liveConfig}/routes.yaml`,
    allowlist: `${liveConfig}/allowlist`,
    generation: `${liveConfig}/generation.json`,
    preserve: `${folder}/.preserve`,
    lease: `${folder}/lease`,
    launch: `${folder}/launch.json`,
    session: `${folder}/session.json`,
    terminalLog: `${folder}/terminal.log`,
    controlSocket: `${folder}/keeper.sock`,
    workspace: `${folder}/workspace`,
    home: `${folder}/agent/home`,
    queue: `${queue}/${id}`,
    sidecar(name) {
      if (SIDECARS.has(name)) return `${folder}/${name}`;
      throw new StatePathsError('unsafe-name', folder, `expected a sidecar: ${[...SIDECARS].join(', ')}`);
    },
  };
}

function checkedIdentity(root: string, identity: Identity): Identity {
  try {
    return parseIdentity(identity);
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    throw new StatePathsError('unsafe-name', root, error.message, { cause: error });
  }
}
