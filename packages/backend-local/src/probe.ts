import { execFileSync } from 'node:child_process';
import type { Probe } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { findProgram } from './programs.js';
import { seccompFilter } from './seccomp/filter.js';

export interface Machine {
  readonly bwrap: string;
  readonly filter: Uint8Array;
}

/** What every launch needs; cheap, unlike the probe. @throws BackendError `unavailable` */
export function requireMachine(env: Readonly<Record<string, string | undefined>>): Machine {
  const bwrap = findProgram('bwrap', env['PATH']);
  const filter = seccompFilter();
  if (bwrap === null)
    throw new BackendError('unavailable', 'bubblewrap is not installed', { remedy: 'install bubblewrap' });
  if (filter === null)
    throw new BackendError('unavailable', `no seccomp filter for ${process.arch}`, {
      remedy: 'use x64 or arm64',
    });
  return { bwrap, filter };
}

export async function probe(env: Readonly<Record<string, string | undefined>>): Promise<Probe> {
  const { bwrap } = requireMachine(env);
  const version = execFileSync(bwrap, ['--version'], { encoding: 'utf8' }).trim().replace('bubblewrap ', '');
  const limits = {
    memoryBytes: 'process',
    cpus: 'none',
    processes: 'none',
    openFiles: 'process',
    tmpBytes: 'bottle',
  } as const;
  return { available: true, version, limits, notes: [] };
}
