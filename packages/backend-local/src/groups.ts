import { cgroups, ownHierarchies } from './cgroup.js';
import type { LimitGroup } from './group.js';
import { scope } from './scope.js';

/** systemd where it runs, else the groups that this process may make itself; possibly none. */
export function limitGroup(env: Readonly<Record<string, string | undefined>>): LimitGroup {
  return scope(env, process.getuid?.() ?? -1) ?? cgroups(ownHierarchies());
}
