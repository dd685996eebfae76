import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LimitGroup } from './group.js';
import { findProgram } from './programs.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** What systemd-run needs to find the operator's own manager; it never reaches the sandbox. */
const BUS = ['XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];

/**
 * A transient scope of systemd: the one way to a group of one's own where systemd manages the tree (an operator's login
 * session is a group of root's). The root's bottles go to the system's manager, others to the operator's own.
 * @returns null where systemd does not run or cannot be reached
 */
export function scope(env: Environment, uid: number, booted = '/run/systemd/system'): LimitGroup | null {
  const program = findProgram('systemd-run', env['PATH']);
  const bus = Object.fromEntries(BUS.flatMap(name => (env[name] === undefined ? [] : [[name, env[name]]])));
  const runtime = env['XDG_RUNTIME_DIR'];
  const reachable = uid === 0 || (runtime !== undefined && existsSync(join(runtime, 'systemd')));
  if (program === null || !existsSync(booted) || !reachable) return null;
  return {
    limits: ['memoryBytes', 'processes', 'cpus'],
    enter(name, { memoryBytes, processes, cpus }) {
      const properties = [`MemoryMax=${memoryBytes}`, `TasksMax=${processes}`];
      if (cpus !== undefined) properties.push(`CPUQuota=${Math.max(1, Math.round(cpus * 100))}%`);
      return {
        prefix: [
          program,
          ...(uid === 0 ? [] : ['--user']),
          ...['--scope', '--quiet', '--collect', `--unit=${name}`],
          ...properties.flatMap(property => ['-p', property]),
          '--',
        ],
        env: bus as Record<string, string>,
        folders: [],
      };
    },
    // systemd removes a scope with its last process, and its count with it.
    ranOutOfMemory: () => false,
    async leave() {},
  };
}
