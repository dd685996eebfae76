/** Mounts for tests, in namespaces of their own: they are gone with the process, whatever happens. */
import { run } from './programs.js';
import { temporaryFolder } from './temporary-folder.js';

export interface PrivateMount {
  /** Where it is mounted, for the processes that run through `wrap` only. */
  folder: string;
  /** The command, run where the mount is visible. */
  wrap(command: readonly string[]): string[];
}

/** A file system in memory that is full after so many bytes. */
export function tinyTmpfs(sizeBytes: number): PrivateMount {
  const folder = temporaryFolder();
  return {
    folder,
    wrap: command => withMounts(`mount -t tmpfs -o size=${sizeBytes} tmpfs '${folder}'`, command),
  };
}

/** A command, run after some mounts (shell commands) in a mount namespace of its own; root or not. */
export function withMounts(mounts: string, command: readonly string[]): string[] {
  const user = process.getuid?.() === 0 ? [] : ['-r'];
  return ['unshare', ...user, '-m', 'sh', '-ec', `${mounts}\nexec "$@"`, 'sh', ...command];
}

/** Whether this machine lets us make such namespaces. Under CI it must. */
export function canMount(): boolean {
  const can = run(withMounts('mount -t tmpfs tmpfs /tmp', ['true'])).status === 0;
  if (!can && process.env['CI'])
    throw new Error('unshare -m does not work here, and the tests under CI need it');
  return can;
}

/** `describe`, or a visible skip where no such namespace can be made. */
export function describeWithMounts(title: string, tests: () => void): void {
  if (canMount()) describe(title, tests);
  else describe.skip(`${title} (skipped: no mount namespace can be made)`, tests);
}
