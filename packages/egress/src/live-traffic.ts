import type { Policy } from './policy.js';

/** Something that was let out and is not over yet. */
export interface LiveItem {
  /** Whether this policy still lets it out, in the way that it goes. */
  allowedBy(policy: Policy): boolean;
  /** Ends it at once, as cut by the policy; also where it throws. */
  cut(): void;
}

/** What is let out now. */
export class LiveTraffic {
  readonly #items = new Set<LiveItem>();
  readonly #waiting: (() => void)[] = [];

  add(item: LiveItem): void {
    this.#items.add(item);
  }

  delete(item: LiveItem): void {
    this.#items.delete(item);
    if (this.#items.size > 0) return;
    // Not before who took it out has recorded its end.
    for (const resolve of this.#waiting.splice(0)) setImmediate(resolve);
  }

  /** Resolves when all is over, and its end recorded. */
  async over(): Promise<void> {
    if (this.#items.size > 0) await new Promise<void>(resolve => this.#waiting.push(resolve));
  }

  /** Cuts what a new policy no longer lets out. */
  judgeAgain(policy: Policy): void {
    for (const item of this.#items) {
      try {
        if (!allows(policy, item)) item.cut();
      } catch {
        // Nothing is known to throw; if anything does, the others must not stay open for it.
      }
    }
  }
}

/** What cannot be judged may not stay. */
function allows(policy: Policy, item: LiveItem): boolean {
  try {
    return item.allowedBy(policy);
  } catch {
    return false;
  }
}
