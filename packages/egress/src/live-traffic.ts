import type { Policy } from './policy.js';

/** Something that was let out and is not over yet. */
export interface LiveItem {
  /** Whether this policy still lets it out, in the way that it goes. */
  allowedBy(policy: Policy): boolean;
  /** Ends it at once, as cut by the policy. */
  cut(): void;
}

/** What is let out now. */
export class LiveTraffic {
  readonly #items = new Set<LiveItem>();

  add(item: LiveItem): void {
    this.#items.add(item);
  }

  delete(item: LiveItem): void {
    this.#items.delete(item);
  }

  /** Cuts what a new policy no longer lets out. */
  judgeAgain(policy: Policy): void {
    for (const item of this.#items) if (!item.allowedBy(policy)) item.cut();
  }
}
