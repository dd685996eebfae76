import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

const POLL_MS = 500;

/**
 * Tells that something may have changed in a folder, which need not exist: its parent is watched too, and where both are away, the
 * nearest folder above. `arm` is to be called before each look; it follows the folder from inode to inode.
 */
export class FolderWatch {
  #watchers: FSWatcher[] = [];
  #armed = '';
  #poll: NodeJS.Timeout | undefined;
  readonly #names: ReadonlySet<string>;

  /** @param files those in the folder that matter */
  constructor(
    private readonly folder: string,
    files: readonly string[],
    private readonly onEvent: () => void,
    pollMs: number | undefined,
  ) {
    this.#names = new Set(files.map(file => basename(file)));
    if (pollMs !== undefined) this.#startPolling(pollMs);
  }

  arm(): void {
    const targets = this.#targets();
    if (targets.key === this.#armed) return;
    this.#closeWatchers();
    for (const path of targets.paths) this.#watch(path);
    this.#armed = targets.key;
    // What was swapped meanwhile is armed at the next look.
    if (this.#targets().key !== targets.key) this.onEvent();
  }

  close(): void {
    this.#closeWatchers();
    clearInterval(this.#poll);
  }

  /** The folder and its parent; or the nearest folder above that exists. The key changes with any of their inodes. */
  #targets(): { paths: string[]; key: string } {
    let path = this.folder;
    let inode = inodeOf(path);
    if (inode !== null) {
      const parent = dirname(path);
      return { paths: [path, parent], key: `${path} ${inode} ${inodeOf(parent)}` };
    }
    while (inode === null && path !== dirname(path)) {
      path = dirname(path);
      inode = inodeOf(path);
    }
    return { paths: [path], key: `${path} ${inode}` };
  }

  #watch(path: string): void {
    const matters = (name: string): boolean => {
      if (name === basename(path)) return true; // the watched folder itself was moved or removed
      if (path === this.folder) return this.#names.has(name);
      return path !== dirname(this.folder) || name === basename(this.folder);
    };
    try {
      const watcher = watch(path, (_event, name) => {
        if (name === null || matters(name)) this.onEvent();
      });
      watcher.on('error', () => this.#startPolling(POLL_MS));
      this.#watchers.push(watcher);
    } catch {
      // No watch to be had (ENOSPC: fs.inotify.max_user_watches; EMFILE; EACCES), or the folder has just gone.
      this.#startPolling(POLL_MS);
    }
  }

  #startPolling(ms: number): void {
    this.#poll ??= setInterval(this.onEvent, ms);
  }

  #closeWatchers(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}

function inodeOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
