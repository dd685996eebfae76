import { writeSync } from 'node:fs';

/** Milliseconds until a terminal that took nothing is tried again: at first, and at most. */
const FIRST_MS = 1;
const LAST_MS = 64;

/** What is written to: the terminal's side that node-pty holds. */
export interface PtyMaster {
  /** Not blocking (node-pty sets O_NONBLOCK). */
  readonly fd: number;
  /** Its descriptor is closed, and may be another file's by now. */
  readonly closed: boolean;
}

/**
 * Input on its way to a pseudo-terminal, as fast as its program reads. Not by node-pty's own write: to a master libuv writes again
 * and again, in one call, until all is taken (uv_tty_init, UV_HANDLE_BLOCKING_WRITES), so that a program that does not read
 * would stop its keeper.
 */
export class PtyInput {
  readonly #master: PtyMaster;
  readonly #onDrain: () => void;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param onDrain called when all that waited was taken, or nobody takes it any more */
  constructor(master: PtyMaster, onDrain: () => void) {
    this.#master = master;
    this.#onDrain = onDrain;
  }

  /** Bytes that no program has taken. */
  get backlog(): number {
    return this.#bytes;
  }

  write(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#waiting.push(data);
    this.#bytes += data.length;
    if (this.#timer === null) this.#flush(FIRST_MS);
  }

  /** Forgets what waits: its program has ended. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#forget();
  }

  #flush(waitMs: number): void {
    this.#timer = null;
    let wait = waitMs;
    for (let [chunk] = this.#waiting; chunk !== undefined; [chunk] = this.#waiting) {
      const taken = this.#take(chunk);
      if (taken === null) {
        this.#forget();
        return;
      }
      if (taken === 0) {
        this.#timer = setTimeout(() => this.#flush(Math.min(2 * wait, LAST_MS)), wait);
        return;
      }
      wait = FIRST_MS;
      this.#bytes -= taken;
      if (taken === chunk.length) this.#waiting.shift();
      else this.#waiting[0] = chunk.subarray(taken);
    }
    this.#onDrain();
  }

  /** Bytes that were taken; null: nothing is taken any more. */
  #take(chunk: Uint8Array): number | null {
    if (this.#master.closed) return null;
    try {
      return writeSync(this.#master.fd, chunk);
    } catch (error) {
      // EIO and the like: its program is gone, which its end says.
      return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 0 : null;
    }
  }

  #forget(): void {
    this.#waiting = [];
    this.#bytes = 0;
    this.#onDrain();
  }
}
