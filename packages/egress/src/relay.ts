import { type OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** As much as the kernel gives at once on a fast connection. */
const BUFFER_BYTES = 1 << 16;

/**
 * Passes on what an origin sends. Its bytes are read into one buffer that is used again and again: half the work of a stream's pipe,
 * which allocates one for each chunk.
 */
export class Relay {
  /** For the making of the origin's connection, which must be paused. */
  readonly onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES),
    callback: (count, buffer) => this.#take(buffer.subarray(0, count)),
  };
  #take: (chunk: Uint8Array) => boolean = () => false;

  /** Reads the first that an origin sends by itself, and then no more. */
  first(origin: Socket, onFirst: (chunk: Buffer) => void): void {
    this.#take = chunk => {
      onFirst(Buffer.from(chunk));
      return false;
    };
    origin.resume();
  }

  /** From now on everything goes to the bottle, no faster than that takes it. */
  to(bottle: Duplex, origin: Socket): void {
    // Another stream may still read a chunk after it has taken it.
    const own = bottle instanceof Socket;
    let waiting = false;
    const flushed = () => {
      if (!waiting || bottle.writableLength > 0) return;
      waiting = false;
      origin.resume();
    };
    this.#take = chunk => {
      bottle.write(own ? chunk : Buffer.from(chunk), flushed);
      // What the kernel did not take at once is still in the buffer.
      waiting = bottle.writableLength > 0;
      if (waiting) origin.pause();
      return !waiting;
    };
    origin.once('end', () => bottle.end());
    origin.resume();
  }
}
