import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { succeed } from './programs.ts';

/**
 * Copies a repository as it stands, what is not committed too, into an empty folder, with a history of one commit and with its
 * dependencies installed from what pnpm has at hand.
 */
export async function copyRepository(root: string, target: string): Promise<void> {
  const listed = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const deleted = await succeed(['git', 'ls-files', '-z', '--deleted'], { cwd: root });
  const gone = new Set(deleted.split('\0'));
  for (const path of (await succeed(listed, { cwd: root })).split('\0')) {
    if (path === '' || gone.has(path)) continue;
    mkdirSync(dirname(join(target, path)), { recursive: true });
    cpSync(join(root, path), join(target, path), { verbatimSymlinks: true });
  }
  const as = ['-c', 'user.name=release', '-c', 'user.email=release@localhost', '-c', 'commit.gpgsign=false'];
  await succeed(['git', 'init', '--quiet', '--initial-branch=main'], { cwd: target });
  await succeed(['git', 'add', '--all'], { cwd: target });
  await succeed(['git', ...as, 'commit', '--quiet', '--message', 'As it stands'], { cwd: target });
  await succeed(['pnpm', 'install', '--offline', '--frozen-lockfile'], { cwd: target });
}
