import { setImmediate } from 'node:timers/promises';

/** How long a walk keeps the event loop to itself, in milliseconds. */
const SLICE_MS = 8;

/** Lets long work give way: `if (pace.due()) await pace.rest()`. */
export class Pace {
  #since = performance.now();

  due(): boolean {
    return performance.now() - this.#since > SLICE_MS;
  }

  async rest(): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
  }
}
