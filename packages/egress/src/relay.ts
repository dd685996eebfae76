import { type OnReadOpts, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** As much as the kernel gives at once on a fast connection. */
const BUFFER_BYTES = 1 << 16;
/** Buffers of connections that are over, for the next ones: memory that is given back and taken anew keeps the collector busy. */
const spare: Buffer[] = [];
const MAX_SPARE = 64;

/**
 * Passes on what an origin sends. Its bytes are read into one buffer that is used again and again: half the work of a stream's pipe,
 * which allocates one for each chunk.
 */
export class Relay {
  readonly #buffer = spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  /** For the making of the origin's connection, which must be paused. */
  readonly onread: OnReadOpts = {
    buffer: this.#buffer,
    callback: (count, buffer) => this.#take(buffer.subarray(0, count)),
  };
  #take: (chunk: Uint8Array) => boolean = () => false;

  /** To be called once both connections are closed, when nothing can be in the buffer any more. */
  release(): void {
    this.#take = () => false;
    if (spare.length < MAX_SPARE) spare.push(this.#buffer);
  }

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
