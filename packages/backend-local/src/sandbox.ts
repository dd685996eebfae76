import { dirname } from 'node:path';
import type { BottleSpec, FileMount, ResolvedMounts } from '@bot-bottle/backend';
import { ownDevices } from './devices.js';
import { AGENT } from './etc.js';
import { FILTER_FD, GATE_FD, STATUS_FD } from './launcher.js';
import { coverProc } from './proc.js';
import { systemOptions } from './system.js';

/** Where a bottle that has a way out finds its address. */
export const ADDRESS_FILE = '/run/bot-bottle/egress';

/** The isolation that every bottle has and that the probe proves. No option weakens it. */
const ISOLATION = [
  '--unshare-user',
  '--unshare-ipc',
  '--unshare-pid',
  '--unshare-net',
  '--unshare-uts',
  '--unshare-cgroup',
  '--disable-userns',
  '--die-with-parent',
  '--cap-drop',
  'ALL',
  '--clearenv',
];

export interface SandboxPlan {
  readonly identity: string;
  readonly mounts: ResolvedMounts;
  /** Files of /etc by name, with the host's file that is shown there. */
  readonly etc: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly tmpBytes: number;
  readonly files: readonly FileMount[];
  /** There is a way out, and its address comes through the gate. */
  readonly gated: boolean;
  /** Where the bottle's own devices are, or null for the host's. */
  readonly devices: string | null;
}

/** The options for bubblewrap. Their order matters: a later mount covers an earlier one. */
export function sandboxOptions(plan: SandboxPlan): string[] {
  const { mounts, env } = plan;
  const options = [
    ...ISOLATION,
    '--uid',
    `${AGENT.uid}`,
    '--gid',
    `${AGENT.gid}`,
    '--hostname',
    plan.identity,
  ];
  options.push('--seccomp', `${FILTER_FD}`, '--json-status-fd', `${STATUS_FD}`);
  // Without these, bubblewrap makes the parents of a mount point for their owner alone.
  for (const folder of ['/etc', '/etc/ssl', '/etc/pki', '/home'])
    options.push('--perms', '0755', '--dir', folder);
  options.push(...systemOptions());
  for (const [name, file] of Object.entries(plan.etc)) options.push('--ro-bind', file, `/etc/${name}`);
  options.push('--proc', '/proc', ...coverProc());
  options.push(
    '--dev',
    '/dev',
    ...ownDevices(plan.devices),
    ...tmpfs('/dev/shm', plan.tmpBytes),
    '--remount-ro',
    '/dev',
  );
  options.push('--dir', '/run', '--dir', '/var', '--symlink', '../tmp', '/var/tmp');
  options.push(...tmpfs('/tmp', plan.tmpBytes));
  if (plan.gated || plan.files.length > 0) options.push('--perms', '0755', '--dir', dirname(ADDRESS_FILE));
  for (const { source, target } of plan.files) options.push('--ro-bind', source, target);
  for (const path of mounts.toolPaths) options.push('--ro-bind', path, path);
  options.push('--bind', mounts.home.source, mounts.home.target);
  options.push('--bind', mounts.workspace.source, mounts.workspace.target);
  // Last, since bubblewrap waits here: the rest is done meanwhile.
  if (plan.gated) options.push('--perms', '0444', '--file', `${GATE_FD}`, ADDRESS_FILE);
  // The root itself is a tmpfs; what was mounted on it above keeps its own mode.
  options.push('--remount-ro', '/', '--chdir', mounts.workspace.target);
  for (const [name, value] of Object.entries(env)) options.push('--setenv', name, value);
  return options;
}

function tmpfs(path: string, bytes: number): string[] {
  return ['--perms', '1777', '--size', `${bytes}`, '--tmpfs', path];
}

/** Names set where the specification does not; PWD, SHLVL and _ by bubblewrap and the shell, as on any terminal. */
export const ENVIRONMENT = [
  ...(['HOME', 'USER', 'LOGNAME', 'SHELL', 'PATH', 'TERM', 'LANG'] as const),
  ...(['PWD', 'OLDPWD', 'SHLVL', '_'] as const),
] as const;

export function environment(spec: BottleSpec, shell: string): Record<string, string> {
  return {
    HOME: spec.home.target,
    USER: AGENT.name,
    LOGNAME: AGENT.name,
    SHELL: shell,
    PATH: `${spec.home.target}/.local/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin`,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    ...spec.env,
  };
}
