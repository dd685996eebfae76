// Transcript folders lie in the agent's HOME, which is hostile: every name on the way is opened without following links.
import { mkdirSync } from 'node:fs';
import { PreserveError } from './errors.js';
import { type Folder, openFolder, orNull } from './folder.js';

/**
 * The folders, each once, without those that lie in another of them.
 *
 * @throws PreserveError `bad-folder` for anything but a relative path of plain names
 */
export function checkedFolders(folders: readonly string[]): string[] {
  for (const folder of folders) {
    const names = folder.split('/');
    if (names.some(name => name === '' || name === '.' || name === '..' || name.includes('\0')))
      throw new PreserveError(
        'bad-folder',
        `${JSON.stringify(folder)} is no transcript folder: expected a path below HOME, such as ".claude/projects"`,
        folder,
      );
  }
  const unique = [...new Set(folders)];
  return unique.filter(folder => !unique.some(other => folder.startsWith(`${other}/`)));
}

/**
 * Runs `work` on the folder that `relative` lies in, opened from `base` down, each folder from its parent's handle;
 * null when one of them is absent and `missing` does not say to create it (0700, as agents create theirs).
 *
 * @param base a real folder, in a place that the agent cannot change
 * @throws the system's ENOTDIR or ELOOP where a link or a file is on the way
 */
export async function inParentOf<T>(
  base: string,
  relative: string,
  work: (parent: Folder) => T | Promise<T>,
  missing: 'stop' | 'create' = 'stop',
): Promise<T | null> {
  let folder = openFolder(base);
  try {
    for (const name of namesAbove(relative)) {
      if (folder === null) return null;
      if (missing === 'create') createFolderIn(folder, name);
      const below = openFolder(folder.child(name));
      folder.close();
      folder = below;
    }
    return folder === null ? null : await work(folder);
  } finally {
    folder?.close();
  }
}

/** `a` and `b` of `a/b/c`. */
export function namesAbove(relative: string): string[] {
  return relative.split('/').slice(0, -1);
}

function createFolderIn(folder: Folder, name: string): void {
  orNull(() => mkdirSync(folder.child(name), { mode: 0o700 }), 'EEXIST');
  folder.sync();
}
