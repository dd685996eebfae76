import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What Docker and runc mask (their default MaskedPaths): facts about the host's kernel, hardware and memory.
 * https://github.com/moby/moby/blob/master/oci/defaults.go
 */
const MASKED = [
  'acpi',
  'asound',
  'interrupts',
  'kallsyms',
  'kcore',
  'keys',
  'key-users',
  'kmsg',
  'kpagecgroup',
  'kpagecount',
  'kpageflags',
  'latency_stats',
  'sched_debug',
  'scsi',
  'slabinfo',
  'timer_list',
  'timer_stats',
  'vmallocinfo',
];

const WRITE_BITS = 0o222;

/**
 * Options that cover the fresh /proc of a sandbox. A process started by the host's root still owns /proc/sys there, and
 * bubblewrap 0.8 leaves it writable (it tests with access(2) while it has no capability to see). So by rule, not by
 * name: every folder and every file with a write bit that does not belong to a process becomes read-only.
 */
export function coverProc(proc = '/proc'): string[] {
  const options: string[] = [];
  for (const name of readdirSync(proc).sort()) {
    if (/^\d+$/.test(name)) continue;
    const path = join(proc, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.isSymbolicLink()) continue;
    const target = join('/proc', name);
    if (MASKED.includes(name)) {
      if (stat.isDirectory()) options.push('--tmpfs', target, '--remount-ro', target);
      else options.push('--ro-bind', '/dev/null', target);
    } else if (stat.isDirectory() || (stat.mode & WRITE_BITS) !== 0) {
      options.push('--ro-bind', path, target);
    }
  }
  return options;
}
