/** So many that one turn takes about a millisecond. */
const EACH_TURN = 50;

/**
 * Does jobs in their order, some in each turn of the event loop: what comes meanwhile, such as a request that a new policy denies,
 * does not wait behind all of them.
 */
export class Turns {
  readonly #jobs: (() => void)[] = [];

  /** `job` must not throw. */
  add(job: () => void): void {
    this.#jobs.push(job);
    if (this.#jobs.length === 1) setImmediate(() => this.#take());
  }

  #take(): void {
    for (const job of this.#jobs.slice(0, EACH_TURN)) job();
    this.#jobs.splice(0, EACH_TURN);
    if (this.#jobs.length > 0) setImmediate(() => this.#take());
  }
}
