import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { BackendError } from '@bot-bottle/backend';
import { findProgram } from './programs.js';
import { readIfPresent } from './record.js';
import { type MachineFacts, notInstalled, whatIsMissing } from './remedy.js';
import { seccompFilter } from './seccomp/filter.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What every launch needs. */
export interface Machine {
  readonly bwrap: string;
  /** Of util-linux. */
  readonly nsenter: string;
  readonly filter: Uint8Array;
}

/** @throws BackendError `unavailable`, with the remedy */
export function requireMachine(env: Environment): Machine {
  const { bwrap, nsenter } = programs(env);
  const facts = machineFacts({ bwrap, nsenter });
  const missing = whatIsMissing(facts);
  if (bwrap === null || nsenter === null || missing !== null) {
    const { reason, remedy } = missing ?? notInstalled('util-linux', facts.osRelease);
    throw new BackendError('unavailable', reason, { remedy });
  }
  return { bwrap, nsenter, filter: seccompFilter(process.arch) };
}

type Programs = { readonly [name in 'bwrap' | 'nsenter']: string | null };

/** Where they are; null for what is nowhere. */
export function programs(env: Environment): Programs {
  return { bwrap: findProgram('bwrap', env['PATH']), nsenter: findProgram('nsenter', env['PATH']) };
}

export function machineFacts({ bwrap, nsenter }: Programs): MachineFacts {
  const setting = (name: string) => {
    const text = readIfPresent(`/proc/sys/${name}`);
    return text === null ? null : Number(text);
  };
  return {
    platform: process.platform,
    arch: process.arch,
    osRelease: readIfPresent('/etc/os-release') ?? readIfPresent('/usr/lib/os-release') ?? '',
    nsenter: nsenter !== null,
    version: bwrap === null ? null : versionOf(bwrap),
    maxUserNamespaces: setting('user/max_user_namespaces'),
    unprivilegedUserNamespaces: setting('kernel/unprivileged_userns_clone'),
    appArmorRestriction: setting('kernel/apparmor_restrict_unprivileged_userns'),
    container: existsSync('/.dockerenv') || existsSync('/run/.containerenv'),
    root: process.getuid?.() === 0,
  };
}

const versions = new Map<string, string>();

/** Of `bubblewrap 0.8.0`, which is what it says of itself, the number; empty where it does not run. A process asks it once. */
function versionOf(bwrap: string): string {
  const known = versions.get(bwrap);
  if (known !== undefined) return known;
  const { status, stdout } = spawnSync(bwrap, ['--version'], {
    encoding: 'utf8',
    env: {},
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const version = status === 0 ? (stdout.trim().split(' ').at(-1) ?? '') : '';
  if (version !== '') versions.set(bwrap, version);
  return version;
}
