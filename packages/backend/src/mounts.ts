import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, isAbsolute, join, normalize, relative } from 'node:path';
import { BackendError } from './errors.js';
import type { BottleSpec, FolderMount } from './spec.js';

/** What no bottle may be given, whatever is asked. */
export interface Forbidden {
  /** The operator's home folder. */
  readonly home: string;
  /** The root of all bottles' state. */
  readonly stateRoot: string;
}

/** Folders of the kernel, of running services (cron runs what lies in its spool) and of the system's secrets: neither they nor anything below. */
const NEVER_BELOW = ['/proc', '/sys', '/dev', '/run', '/boot', '/etc', '/var/spool'];
/** Folders that hold more than one thing: something below is fine, they themselves (or an ancestor) are not. */
const NEVER_WHOLE = [
  '/',
  '/usr',
  '/var',
  '/var/lib',
  '/tmp',
  '/var/log',
  '/var/tmp',
  '/home',
  '/opt',
  '/root',
];
/** Folders of container engines: whoever writes there, or talks to a socket there, is root. */
const ENGINES = ['/var/lib/docker', '/var/lib/containers', '/var/lib/containerd', '/var/snap'];
/** In the operator's home, folders that hold nothing but keys. */
const KEYS = ['.ssh', '.gnupg', '.aws', '.azure', '.kube', '.docker', '.config/gcloud', '.config/gh'];

export interface ResolvedMounts {
  readonly workspace: FolderMount;
  readonly home: FolderMount;
  readonly toolPaths: readonly string[];
  /** What is shown at its own path: the path, and `device:inode` of the folder that was judged. */
  readonly judged: readonly (readonly [path: string, folder: string])[];
}

/**
 * Follows every link now and judges what is really there. A mounted workspace and a tool path are shown at their own
 * real path: a link swapped in since the operator named it makes the two differ, and is refused.
 * @throws BackendError `bad-spec`
 */
export function resolveMounts(spec: BottleSpec, forbidden: Forbidden): ResolvedMounts {
  const { workspace, home } = spec;
  const resolved = {
    home: { source: stateFolder('home', home.source), target: target('home', home.target) },
    workspace: { source: '', target: target('workspace', workspace.target) },
    toolPaths: spec.toolPaths ?? [],
    judged: (spec.toolPaths ?? []).map(path => ownPath('tool path', path, forbidden)),
  };
  if (workspace.kind === 'mount') {
    if (workspace.source !== workspace.target) {
      throw bad(
        `a mounted workspace is shown at its own path; got ${workspace.source} at ${workspace.target}`,
      );
    }
    resolved.workspace.source = workspace.source;
    resolved.judged.push(ownPath('workspace', workspace.source, forbidden));
  } else {
    // What may not be shown may not be copied in either; the original can be gone by now.
    if (workspace.kind === 'copy') judge('workspace', realOf(workspace.target), forbidden);
    resolved.workspace.source = stateFolder('workspace', workspace.source);
  }
  return resolved;
}

function ownPath(what: string, path: string, forbidden: Forbidden): [path: string, folder: string] {
  realFolder(what, path);
  // One folder from here on, whatever comes to its path meanwhile.
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const real = readlinkSync(`/proc/self/fd/${fd}`);
    if (real !== path)
      throw bad(`${what} ${path} leads through a symbolic link to ${real}; name that folder`);
    judge(what, real, forbidden);
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return [real, `${dev}:${ino}`];
  } finally {
    closeSync(fd);
  }
}

function judge(what: string, real: string, { home, stateRoot }: Forbidden): void {
  const keys = KEYS.map(name => join(home, name));
  const never = [...NEVER_BELOW, ...ENGINES, ...keys];
  const below = never.find(folder => contains(realOf(folder), real)) ?? programs(real);
  if (below !== undefined) throw bad(`${what} ${real} is part of ${below}, which no bottle may see`);
  const above = [...NEVER_WHOLE, ...ENGINES, home].find(folder => contains(real, realOf(folder)));
  if (above !== undefined) throw bad(`${what} ${real} would show all of ${above}; name a folder inside it`);
  const root = realOf(stateRoot);
  if (contains(root, real) || contains(real, root)) {
    throw bad(`${what} ${real} and the state of all bottles (${root}) contain one another`);
  }
}

/** A folder of the bottle's own state. The agent can write neither it nor what lies above it, so only its end may be a link. */
function stateFolder(what: string, path: string): string {
  realFolder(what, path);
  if (lstatSync(path).isSymbolicLink()) throw bad(`${what} ${path} is a symbolic link; expected a folder`);
  return realpathSync(path);
}

function realFolder(what: string, path: string): string {
  if (!isAbsolute(path) || path.includes('\0')) throw bad(`${what} is not an absolute path: ${path}`);
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    throw bad(`${what} ${path}: ${(error as Error).message}`, error);
  }
  throw bad(`${what} ${path} is not a folder`);
}

function target(what: string, path: string): string {
  if (!isAbsolute(path) || normalize(path) !== path || path.includes('\0') || path.endsWith('/')) {
    throw bad(`${what} target is not a plain absolute path: ${path}`);
  }
  const covered = NEVER_BELOW.find(folder => contains(folder, path)) ?? programs(path);
  if (covered !== undefined)
    throw bad(`${what} target ${path} is part of ${covered}, which belongs to the system`);
  return path;
}

/** The system's own programs are there already, read-only; what an operator keeps in /usr/local and /usr/src is not theirs. */
function programs(path: string): string | undefined {
  const own = ['/usr/local', '/usr/src'].some(folder => path !== folder && contains(folder, path));
  return own ? undefined : ['/usr', '/bin', '/sbin', '/lib', '/lib64'].find(folder => contains(folder, path));
}

/** True when `inner` is `outer` or lies in it. */
function contains(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return path === '' || (path !== '..' && !path.startsWith('../'));
}

/** The folder's real path, or of its nearest ancestor that exists plus the rest. */
export function realOf(path: string): string {
  if (path === '/') return path;
  try {
    return realpathSync(path);
  } catch {
    return `${realOf(dirname(path)).replace(/\/$/, '')}/${path.slice(path.lastIndexOf('/') + 1)}`;
  }
}

function bad(message: string, cause?: unknown): BackendError {
  return new BackendError('bad-spec', message, { cause });
}
