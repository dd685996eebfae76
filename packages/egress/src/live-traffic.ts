import type { Policy } from './policy.js';
import type { Turns } from './turns.js';

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
  /** The last that judged. */
  #policy: Policy | undefined;

  constructor(private readonly turns: Turns) {}

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

  /** Cuts what a new policy no longer lets out; resolves when all of it is cut. */
  async judgeAgain(policy: Policy): Promise<void> {
    this.#policy = policy;
    const forbidden = [...this.#items].filter(item => !allows(policy, item));
    if (forbidden.length === 0) return;

    for (const item of forbidden) this.turns.add(() => this.#cut(item));
    await new Promise<void>(resolve => this.turns.add(resolve));
  }

  #cut(item: LiveItem): void {
    try {
      // Meanwhile it may have ended, or a policy come that lets it out again.
      if (this.#items.has(item) && this.#policy && !allows(this.#policy, item)) item.cut();
    } catch {
      // Nothing is known to throw; if anything does, the others must not stay open for it.
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
