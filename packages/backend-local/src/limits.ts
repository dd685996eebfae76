import { readFileSync } from 'node:fs';
import type { BottleSpec, Enforcement, LimitName, Limits } from '@bot-bottle/backend';
import type { LimitGroup } from './group.js';
import { findProgram } from './programs.js';

const GIB = 2 ** 30;

/** What a bottle gets that does not say otherwise; no limit on processors. */
export const DEFAULT_LIMITS = {
  memoryBytes: 8 * GIB,
  processes: 4096,
  openFiles: 65_536,
  tmpBytes: 2 * GIB,
} as const satisfies Limits;

/**
 * The agent's command under resource limits, set inside the sandbox: RLIMIT_NPROC then counts the processes of its user
 * namespace (Linux 5.14 and later), not the operator's own. RLIMIT_DATA, since RLIMIT_AS breaks every program that reserves
 * address space without using it, as V8 does.
 */
export function limitedCommand({ command, limits }: BottleSpec, path?: string): string[] {
  const prlimit = findProgram('prlimit', path);
  if (prlimit === null) return [...command];
  const wanted = { ...DEFAULT_LIMITS, ...limits };
  return [
    prlimit,
    `--data=${atMost(wanted.memoryBytes, 'Max data size')}`,
    `--nproc=${atMost(wanted.processes, 'Max processes')}`,
    `--nofile=${atMost(wanted.openFiles, 'Max open files')}`,
    '--core=0',
    '--',
    ...command,
  ];
}

/** Nobody can raise a limit above the hard one that this process has; proc_pid_limits(5): name, soft, hard, unit. */
function atMost(wanted: number, name: string): number {
  const line = readFileSync('/proc/self/limits', 'utf8')
    .split('\n')
    .find(text => text.startsWith(name));
  const hard = Number(line?.slice(name.length).trim().split(/\s+/)[1]);
  return Number.isFinite(hard) ? Math.min(wanted, hard) : wanted;
}

/** What holds on this machine. The kernel exempts the host's root from RLIMIT_NPROC, also in a user namespace. */
export function enforcedLimits(group: LimitGroup, path?: string): Record<LimitName, Enforcement> {
  const prlimit = findProgram('prlimit', path) !== null;
  const grouped = (name: 'memoryBytes' | 'cpus' | 'processes', otherwise: Enforcement) =>
    group.limits.includes(name) ? 'bottle' : otherwise;
  return {
    memoryBytes: grouped('memoryBytes', prlimit ? 'process' : 'none'),
    cpus: grouped('cpus', 'none'),
    processes: grouped('processes', prlimit && process.getuid?.() !== 0 ? 'bottle' : 'none'),
    openFiles: prlimit ? 'process' : 'none',
    tmpBytes: 'bottle',
  };
}
