import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupEntry, GroupLimits, LimitGroup } from './group.js';
import { readIfPresent } from './record.js';

/** One hierarchy of cgroups(7) that this process may divide. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Of `memory`, `pids` and `cpu`. */
  readonly controllers: readonly string[];
  readonly folder: string;
}

const LIMIT_OF: Readonly<Record<string, keyof GroupLimits>> = {
  memory: 'memoryBytes',
  pids: 'processes',
  cpu: 'cpus',
};

/** Microseconds; the kernel's default. */
const CPU_PERIOD = 100_000;

const REMOVE_ATTEMPTS = 200;
/** Milliseconds. */
const REMOVE_INTERVAL = 5;

/**
 * Groups made by hand, for a machine without systemd. Only where this process is in a hierarchy's root: a group that
 * somebody else made is not ours to divide, and to leave it would be to escape its limits.
 */
export function cgroups(hierarchies: readonly Hierarchy[]): LimitGroup {
  const foldersOf = (name: string) => hierarchies.map(({ folder }) => join(folder, name));
  return {
    limits: hierarchies.flatMap(({ controllers }) => controllers.flatMap(name => LIMIT_OF[name] ?? [])),
    enter(name, limits): GroupEntry {
      for (const { folder, version, controllers } of hierarchies) {
        const group = join(folder, name);
        // One that a killed launch left is as good as new: stop, which comes before every launch, has emptied it.
        mkdirSync(group, { recursive: true });
        for (const [file, value] of settings(version, controllers, limits))
          writeFileSync(join(group, file), value);
      }
      return { prefix: [], env: {}, folders: foldersOf(name) };
    },
    ranOutOfMemory: name =>
      hierarchies.some(
        ({ controllers, version, folder }) =>
          controllers.includes('memory') && oomKills(version, join(folder, name)) > 0,
      ),
    async leave(name) {
      for (const folder of foldersOf(name)) await removeGroup(folder);
    },
  };
}

function settings(version: 1 | 2, controllers: readonly string[], limits: GroupLimits): [string, string][] {
  const { memoryBytes, processes, cpus } = limits;
  const files: [string, string][] = [];
  if (controllers.includes('memory')) {
    files.push([version === 1 ? 'memory.limit_in_bytes' : 'memory.max', `${memoryBytes}`]);
  }
  if (controllers.includes('pids')) files.push(['pids.max', `${processes}`]);
  if (controllers.includes('cpu') && cpus !== undefined) {
    const quota = Math.max(1_000, Math.round(cpus * CPU_PERIOD));
    files.push(version === 1 ? ['cpu.cfs_quota_us', `${quota}`] : ['cpu.max', `${quota} ${CPU_PERIOD}`]);
  }
  return files;
}

/** The field `oom_kill` of both versions' file (cgroup-v2.rst, cgroup-v1/memory.rst). A group that is gone has none. */
function oomKills(version: 1 | 2, group: string): number {
  const counts = readIfPresent(join(group, version === 1 ? 'memory.oom_control' : 'memory.events')) ?? '';
  return Number(/^oom_kill (\d+)$/m.exec(counts)?.[1] ?? 0);
}

/** The kernel empties a group a little after its last process was waited for. One that stays in use is left for the next stop. */
async function removeGroup(folder: string): Promise<void> {
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt++) {
    try {
      return rmdirSync(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY') throw error;
    }
    await sleep(REMOVE_INTERVAL);
  }
}

/** The hierarchies of this machine in whose root this process is, and may write. */
export function ownHierarchies(): Hierarchy[] {
  const self = (name: string) => readFileSync(`/proc/self/${name}`, 'utf8');
  return parseHierarchies(self('mountinfo'), self('cgroup')).flatMap(usable);
}

/** Parses proc_pid_mountinfo(5) and the `id:controllers:path` lines of cgroups(7). */
export function parseHierarchies(mountinfo: string, cgroup: string): Hierarchy[] {
  const paths = new Map(
    cgroup
      .trim()
      .split('\n')
      .map(line => line.split(':'))
      .flatMap(([, names, ...path]) => (names ?? '').split(',').map(name => [name, path.join(':')] as const)),
  );
  return mountinfo.split('\n').flatMap((line): Hierarchy[] => {
    const [mount = '', source = ''] = line.split(' - ');
    const folder = mount.split(' ')[4];
    const [type, , options = ''] = source.split(' ');
    if (folder === undefined) return [];
    if (type === 'cgroup2') return paths.get('') === '/' ? [{ version: 2, controllers: [], folder }] : [];
    if (type !== 'cgroup') return [];
    const controllers = options.split(',').filter(name => name in LIMIT_OF && paths.get(name) === '/');
    return controllers.length > 0 ? [{ version: 1, controllers, folder }] : [];
  });
}

function usable(hierarchy: Hierarchy): Hierarchy[] {
  const { version, folder } = hierarchy;
  try {
    accessSync(folder, constants.W_OK);
    if (version === 1) return [hierarchy];
    const present = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ');
    const controllers = present.filter(name => name in LIMIT_OF);
    if (controllers.length === 0) return [];
    // Refused (EBUSY) in a container, whose root group has processes of its own.
    writeFileSync(join(folder, 'cgroup.subtree_control'), controllers.map(name => `+${name}`).join(' '));
    return [{ version, controllers, folder }];
  } catch {
    return [];
  }
}
