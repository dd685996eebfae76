/** Milliseconds between the request to end and the kill, as `docker stop` has it. */
export const DEFAULT_GRACE_MS = 10_000;

/** Carries a request to stop from signals and clients to whoever runs the session; the shortest grace counts. */
export class StopSwitch {
  #grace: number | null = null;
  #listener: ((graceMs: number) => void) | null = null;

  get requested(): boolean {
    return this.#grace !== null;
  }

  request(graceMs = DEFAULT_GRACE_MS): void {
    this.#grace = Math.min(graceMs, this.#grace ?? graceMs);
    this.#listener?.(this.#grace);
  }

  /** Called for each request from now on, and at once for an earlier one. */
  onRequest(listener: (graceMs: number) => void): void {
    this.#listener = listener;
    if (this.#grace !== null) {
      listener(this.#grace);
    }
  }
}
