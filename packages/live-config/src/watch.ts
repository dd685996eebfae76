import { LiveConfigError } from './errors.js';
import { FolderWatch } from './folder-watch.js';
import { type LiveConfigPaths, PARTS, undoPath } from './paths.js';
import { type LiveConfig, parseSnapshot, revisionOf } from './read.js';
import { readSnapshot, type Snapshot } from './snapshot.js';

/** A hand edit counts once it has stood still this long: editors empty a file before they fill it. */
const SETTLE_MS = 50;
const RETRY_MS = 500;

export interface WatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** A state that cannot be read, once each; the last good policy stays in force, and is delivered again once it can be read again. */
  readonly onError: (error: Error) => void;
  /**
   * Looks this often as well (milliseconds): for a mount that carries no inotify events (virtiofs, 9p, NFS). Undefined: only where
   * the kernel refuses a watch (ENOSPC, EMFILE), every 500 milliseconds.
   */
  readonly pollMs?: number | undefined;
}

/**
 * Calls back with the present policy, and then with each further one. Policies that follow each other faster than they can be
 * read are left out; the last is always delivered. A generation is delivered at once, a hand edit after 50 milliseconds of
 * rest. The folder may appear later, go, and come back; while it is away the policy has no files.
 */
export function watchLiveConfig(
  paths: LiveConfigPaths,
  onChange: (config: LiveConfig) => void,
  options: WatchOptions,
): void {
  if (options.signal.aborted) return;
  new LiveConfigWatch(paths, onChange, options).start();
}

class LiveConfigWatch {
  readonly #folder: FolderWatch;
  #timer: { handle: NodeJS.Timeout; due: number } | undefined;
  #delivered: string | undefined;
  #complaint: string | undefined;
  #edit: { revision: string; since: number } | undefined;

  constructor(
    private readonly paths: LiveConfigPaths,
    private readonly onChange: (config: LiveConfig) => void,
    private readonly options: WatchOptions,
  ) {
    const files = [...PARTS.map(part => paths[part]), paths.generation, undoPath(paths)];
    this.#folder = new FolderWatch(paths.liveConfig, files, () => this.#plan(0), options.pollMs);
  }

  start(): void {
    this.options.signal.addEventListener('abort', () => this.#stop(), { once: true });
    this.#plan(0);
  }

  #stop(): void {
    this.#folder.close();
    clearTimeout(this.#timer?.handle);
  }

  /** Looks after this time, or when it is planned already, whichever is first. */
  #plan(ms: number): void {
    if (this.options.signal.aborted) return;
    const due = performance.now() + ms;
    if (this.#timer && this.#timer.due <= due) return;
    clearTimeout(this.#timer?.handle);
    this.#timer = { handle: setTimeout(() => this.#look(), ms), due };
  }

  #look(): void {
    this.#timer = undefined;
    let config: LiveConfig | undefined;
    try {
      this.#folder.arm(); // before the read, so that what changes after the read wakes us again
      config = this.#readNew();
      this.#complaint = undefined;
    } catch (error) {
      this.#complain(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (config) this.onChange(config);
  }

  /** The policy, if it is another than the last and at rest. */
  #readNew(): LiveConfig | undefined {
    const snapshot = readSnapshot(this.paths);
    const revision = revisionOf(snapshot);
    if (revision === this.#delivered || !this.#rests(snapshot, revision)) return undefined;
    const config = parseSnapshot(this.paths, snapshot);
    this.#delivered = revision;
    return config;
  }

  #rests(snapshot: Snapshot, revision: string): boolean {
    if (snapshot.vouched || (snapshot.allowlist === null && snapshot.routes === null)) return true;
    if (this.#edit?.revision !== revision) this.#edit = { revision, since: performance.now() };
    const left = this.#edit.since + SETTLE_MS - performance.now();
    if (left <= 0) return true;
    this.#plan(Math.ceil(left));
    return false;
  }

  #complain(error: Error): void {
    // A file that is wrong stays so until it is changed, which wakes us; anything else may pass by itself.
    if (!(error instanceof LiveConfigError) || error.code === 'unsettled') this.#plan(RETRY_MS);
    this.#delivered = undefined; // who was told of this must hear when it is well again
    if (error.message === this.#complaint) return;
    this.#complaint = error.message;
    this.options.onError(error);
  }
}
