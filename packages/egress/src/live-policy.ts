import {
  type LiveConfig,
  type LiveConfigPaths,
  readLiveConfig,
  watchLiveConfig,
} from '@bot-bottle/live-config';
import { type Applied, writeApplied } from './applied.js';
import type { Policy } from './policy.js';

/** In force before a policy could be read. */
const NOBODY: Policy = { generation: 0, revision: '', allowlist: [], routes: [] };

/** The policy of a live config, as it changes; what is in force is told in `applied.json`. */
export class LivePolicy {
  readonly #watch = new AbortController();
  readonly #folder: string;
  readonly #onChange: (policy: Policy) => Promise<void>;
  /** Resolves when all that the policy in force forbids is over. */
  #enforced: Promise<void> = Promise.resolve();
  #policy: Policy = NOBODY;
  #refused: Applied['refused'] = null;
  /** The writes of applied.json, one after the other. */
  #telling: Promise<void> = Promise.resolve();
  #told = true;

  /** @param onChange called with each policy; it is told when that has resolved */
  constructor(paths: LiveConfigPaths, folder: string, onChange: (policy: Policy) => Promise<void>) {
    this.#folder = folder;
    this.#onChange = onChange;
    this.#take(() => readLiveConfig(paths));
    const signal = this.#watch.signal;
    const onError = (error: Error) => this.#refuse(error);
    watchLiveConfig(paths, config => this.#take(() => config), { signal, onError });
  }

  get policy(): Policy {
    return this.#policy;
  }

  get applied(): Applied {
    const { generation, revision } = this.#policy;
    const at = new Date().toISOString();
    return { version: 1, pid: process.pid, generation, revision, at, refused: this.#refused };
  }

  /** Resolves when what is in force now has been told. @throws DurableFsError */
  told(): Promise<void> {
    return this.#telling;
  }

  async close(): Promise<void> {
    this.#watch.abort();
    await this.#telling.catch(() => {});
  }

  #take(read: () => LiveConfig): void {
    let config: LiveConfig;
    try {
      config = read();
    } catch (error) {
      this.#refuse(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    const { generation, revision, allowlist, routes } = config;
    if (revision === this.#policy.revision && !this.#refused) return;
    this.#refused = null;
    this.#policy = { generation, revision, allowlist: allowlist ?? [], routes: routes ?? [] };
    this.#enforced = Promise.all([this.#enforced, this.#onChange(this.#policy)]).then(() => {});
    this.#tell();
  }

  #refuse(error: Error): void {
    this.#refused = { message: error.message };
    this.#tell();
  }

  /** Changes that come while one is being written are written together. */
  #tell(): void {
    if (!this.#told) return;
    this.#told = false;
    const write = async () => {
      for (let sure: unknown; sure !== this.#enforced; ) {
        sure = this.#enforced;
        await sure;
      }
      this.#told = true;
      await writeApplied(this.#folder, this.applied);
    };
    this.#telling = this.#telling.then(write, write);
    this.#telling.catch(() => {}); // told() says so to those who ask; the policy is in force all the same
  }
}
