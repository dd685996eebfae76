import type { Credential } from '@bot-bottle/live-config';
import type { Credentials } from './context.js';
import { type CredentialSources, fetchCredential } from './credential-source.js';

export interface CredentialOptions extends CredentialSources {
  /** A clock in milliseconds; only differences count. */
  readonly now?: () => number;
}

/** The bottle must not be able to have a command run over and over by asking for what is refused. */
const RETRY_MS = 10_000;

/**
 * The values of credentials, in memory alone. One is fetched when it is first needed; who needs it meanwhile waits for the
 * same fetch. After a fetch that failed, or that followed a refusal, the next one is ten seconds later at the earliest.
 */
export function openCredentials(options: CredentialOptions): Credentials {
  const held = new Map<string, HeldCredential>();
  const of = (credential: Credential) => {
    // Two headers may carry one value.
    const source = JSON.stringify([credential.env, credential.file, credential.command]);
    const found =
      held.get(source) ?? new HeldCredential(() => fetchCredential(credential, options), options.now);
    held.set(source, found);
    return found;
  };
  return {
    get: async credential => of(credential).get(),
    refresh: async (credential, rejected) => of(credential).refresh(rejected),
  };
}

class HeldCredential {
  readonly #fetch: () => Promise<string>;
  readonly #now: () => number;
  #value: string | null = null;
  #failure: unknown = null;
  #pending: Promise<string> | null = null;
  #notBefore = Number.NEGATIVE_INFINITY;

  constructor(fetch: () => Promise<string>, now: () => number = () => performance.now()) {
    this.#fetch = fetch;
    this.#now = now;
  }

  async get(): Promise<string> {
    return this.#value ?? this.#next(null);
  }

  async refresh(rejected: string): Promise<string> {
    return this.#value === null || this.#value === rejected ? this.#next(rejected) : this.#value;
  }

  #next(rejected: string | null): Promise<string> | string {
    if (this.#pending) return this.#pending;
    if (this.#now() < this.#notBefore) {
      if (this.#value === null) throw this.#failure;
      return this.#value;
    }
    this.#pending = this.#fetchNow(rejected).finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #fetchNow(rejected: string | null): Promise<string> {
    try {
      const value = await this.#fetch();
      if (rejected !== null) this.#notBefore = this.#now() + RETRY_MS;
      this.#value = value;
      return value;
    } catch (error) {
      this.#failure = error;
      this.#notBefore = this.#now() + RETRY_MS;
      throw error;
    }
  }
}
