import type { BottleSpec, FileMount, ResolvedMounts } from '@bot-bottle/backend';
import { stringify } from 'yaml';
import { EGRESS_PROGRAM, SOCKET_FOLDER } from './egress-program.js';
import { limitsOf } from './limits.js';
import { containerOf, LABELS, labelsOf, OPERATOR_LABEL, type Role } from './names.js';
import type { Scratch } from './scratch.js';

/** Set where the specification does not; the image's own variables stay, and Docker adds HOSTNAME. */
const DEFAULT_ENV = { TERM: 'xterm-256color', LANG: 'C.UTF-8' };

/** Every name that an image without variables of its own gives its bottles; Podman adds `container`. */
export const ENVIRONMENT = [...Object.keys(DEFAULT_ENV), 'HOME', 'HOSTNAME', 'PATH', 'container'];

export interface Project {
  readonly spec: BottleSpec;
  readonly scratch: Scratch;
  readonly mounts: ResolvedMounts;
  readonly image: string;
  /** Null: there is no way out. */
  readonly egressImage: string | null;
  readonly files: readonly FileMount[];
  /** The operator's, as the engine's user namespace numbers them. */
  readonly user: string;
}

const HEADER = `# A bottle of bot-bottle. Written anew at every launch; drive it with docker compose, or let bot-bottle do it.
# The agent has no network but loopback: it shares that of "egress", which hands what connects to its port to bot-bottle.
`;

/** The text of `compose.yaml` (the Compose Specification, as v1.27 and later read it). */
export function composeText(project: Project): string {
  const { egressImage } = project;
  const egress = egressImage === null ? {} : { egress: egressService(project, egressImage) };
  const file = { services: { ...egress, agent: agentService(project) } };
  // Strings in quotes: Compose v1 reads YAML 1.1, where `no` is false and `1:30` a number.
  return (
    HEADER +
    stringify(quoteDollars(file), {
      defaultStringType: 'QUOTE_DOUBLE',
      defaultKeyType: 'PLAIN',
      lineWidth: 0,
    })
  );
}

function agentService({ spec, mounts, image, egressImage, files, user }: Project): object {
  const { memoryBytes, cpus, processes, openFiles, tmpBytes } = limitsOf(spec);
  const folders = [mounts.home, mounts.workspace];
  const shown = [...(spec.toolPaths ?? []).map(path => ({ source: path, target: path })), ...files];
  return {
    ...confined(spec, 'agent'),
    image,
    user,
    entrypoint: spec.command,
    environment: Object.entries({ ...DEFAULT_ENV, HOME: mounts.home.target, ...spec.env }).map(pair =>
      pair.join('='),
    ),
    working_dir: mounts.workspace.target,
    tty: true,
    stdin_open: true,
    stop_grace_period: '10s',
    ...(egressImage === null
      ? { network_mode: 'none', hostname: spec.identity }
      : { network_mode: 'service:egress', depends_on: ['egress'] }),
    volumes: [...folders.map(mount => bind(mount, false)), ...shown.map(mount => bind(mount, true))],
    tmpfs: [`/tmp:size=${tmpBytes},mode=1777`, '/run:size=16m,mode=755'],
    mem_limit: memoryBytes,
    memswap_limit: memoryBytes,
    ...(cpus === undefined ? {} : { cpus }),
    pids_limit: processes,
    ...(openFiles === undefined ? {} : { ulimits: { nofile: { soft: openFiles, hard: openFiles } } }),
    logging: { driver: 'json-file', options: { 'max-size': '16m', 'max-file': '1' } },
  };
}

/** This project's own program, on nothing but what it needs to run. It owns the network that the agent has. */
function egressService({ spec, scratch, user }: Project, image: string): object {
  return {
    ...confined(spec, 'egress'),
    image,
    user,
    entrypoint: [...EGRESS_PROGRAM, 'serve', `${spec.egress?.port}`],
    hostname: spec.identity,
    network_mode: 'none',
    // The folder: the socket in it is another one whenever another keeper takes over.
    volumes: [bind({ source: scratch.wayOut, target: SOCKET_FOLDER }, true)],
    mem_limit: '256m',
    pids_limit: 64,
  };
}

/** What both have in common: nothing that they do not need. */
function confined(spec: BottleSpec, role: Role): object {
  return {
    container_name: containerOf(spec, role),
    labels: {
      ...Object.fromEntries(
        Object.entries(spec.labels).map(([name, value]) => [`${OPERATOR_LABEL}${name}`, value]),
      ),
      ...(role === 'agent' ? { [LABELS.agent]: spec.agentName } : {}),
      ...labelsOf(spec, role),
    },
    // Process 1 ends by no signal that it does not handle, and leaves zombies: an init in its place does neither.
    init: true,
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    restart: 'no',
  };
}

/**
 * With a propagation, the engine's own, Compose asks for a mount and not for `SOURCE:TARGET:MODE`: a name may hold a colon, and the engine
 * makes no folder, of root's, for a source that is not there (moby/moby#43483).
 */
function bind(
  { source, target }: { readonly source: string; readonly target: string },
  readOnly: boolean,
): object {
  const how = { ...(readOnly ? { read_only: true } : {}), bind: { propagation: 'rprivate' } };
  return { type: 'bind', source, target, ...how };
}

/** Compose replaces `$NAME` by the operator's variable, and `$$` by a dollar. */
function quoteDollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(quoteDollars);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, quoteDollars(part)]));
}
