/** Checks a trace for what a power cut could undo. */
import { dirname, normalize } from 'node:path';
import type { TracedCall } from './strace.js';

/** The calls that a trace needs for `durabilityFaults`. */
export const ORDER_CALLS = [
  'openat',
  'close',
  'write',
  'pwrite64',
  'writev',
  'ftruncate',
  'fsync',
  'fdatasync',
  'rename',
  'link',
];

/**
 * What is missing for `target` to survive a power cut whole, old or new, once the program went on: its bytes must be
 * synced before it gets its name, and the folder after. Empty: nothing. Every call must have returned successfully.
 */
export function durabilityFaults(calls: readonly TracedCall[], target: string): string[] {
  const descriptors = new Map<string, string>();
  const written = new Map<string, 'dirty' | 'synced'>();
  const faults: string[] = [];
  let named = 0;
  let folderSynced = true;
  for (const { name, args, result } of calls) {
    const [, file = ''] = /^\d+<([^>]*)>/.exec(args) ?? [];
    if (name === 'openat') {
      const [, fd, path] = /^(\d+)<(.*)>/.exec(result ?? '') ?? [];
      if (fd !== undefined && path !== undefined) descriptors.set(fd, path);
      if (path === target && /O_TRUNC|O_CREAT/.test(args))
        faults.push('the target itself is opened for writing');
    } else if (/write|ftruncate/.test(name)) written.set(file, 'dirty');
    else if (/sync/.test(name) && result === '0') {
      if (written.has(file)) written.set(file, 'synced');
      if (file === dirname(target)) folderSynced = true;
    } else if (name === 'rename' || name === 'link') {
      const [from = '', to = ''] = [...args.matchAll(/"([^"]*)"/g)].map(([, path = '']) =>
        resolveFd(path, descriptors),
      );
      if (to !== target || result !== '0') continue;
      named += 1;
      folderSynced = false;
      if (written.get(from) !== 'synced') faults.push(`${name} before the bytes were synced`);
    }
  }
  if (named === 0) faults.push('no new file ever got the name');
  if (!folderSynced) faults.push('the folder was not synced after the name was given');
  return faults;
}

function resolveFd(path: string, descriptors: ReadonlyMap<string, string>): string {
  return normalize(
    path.replace(/^\/proc\/self\/fd\/(\d+)/, (text, fd: string) => descriptors.get(fd) ?? text),
  );
}
