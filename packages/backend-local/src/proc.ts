import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What Docker and runc mask beside what root alone may read: facts about the host's hardware, timers and keys.
 * https://github.com/moby/moby/blob/master/oci/defaults.go
 */
const MASKED = ['acpi', 'asound', 'interrupts', 'key-users', 'keys', 'latency_stats', 'scsi', 'timer_list'];

const WRITE_BITS = 0o222;
const READ_BY_ALL = 0o004;

/**
 * Options that cover the fresh /proc of a sandbox. A process started by the host's root still owns /proc/sys there, and
 * bubblewrap 0.8 leaves it writable (it tests with access(2) while it has no capability to see). So by rule, not by
 * name: of what belongs to no process, every folder and every file with a write bit becomes read-only, and a file that not
 * everybody may read (kcore, kmsg, slabinfo, …) is masked.
 */
export function coverProc(proc = '/proc'): string[] {
  const options: string[] = [];
  for (const name of readdirSync(proc).sort()) {
    if (/^\d+$/.test(name)) continue;
    const path = join(proc, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.isSymbolicLink()) continue;
    const target = join('/proc', name);
    if (MASKED.includes(name) || (stat.isFile() && (stat.mode & READ_BY_ALL) === 0)) {
      if (stat.isDirectory()) options.push('--tmpfs', target, '--remount-ro', target);
      else options.push('--ro-bind', '/dev/null', target);
    } else if (stat.isDirectory() || (stat.mode & WRITE_BITS) !== 0) {
      options.push('--ro-bind', path, target);
    }
  }
  return options;
}
