import type { Duplex, Readable, Writable } from 'node:stream';
import type { RawHeaders } from './headers.js';

/** A request of the bottle and the answer to it, whatever version of HTTP they are in: the other side of an `OriginCall`. */
export interface ClientCall {
  readonly method: string;
  readonly headers: RawHeaders;
  /** Null: none. Undefined: framed in a way that two servers could read in two ways. */
  readonly body: Readable | null | undefined;
  /** Once the body has ended: whether that was its end, and not an early one. */
  isWhole(): boolean;
  /** Once the body has ended. */
  trailers(): RawHeaders;
  /** Whether an answer has begun, other than an interim one. */
  readonly answered: boolean;
  /** An interim answer: 100 and 103. */
  inform(status: number, headers: RawHeaders): void;
  /** Begins the answer, end to end headers alone; returns where its body goes, which is to be ended in any case. */
  answer(status: number, headers: RawHeaders, hasBody: boolean): Writable;
  /** What follows the answer's body; before that is ended. */
  setTrailers(trailers: RawHeaders): void;
  /** Takes no further request on this connection. */
  closeAfter(): void;
  /** Cuts the answer, in a way that it cannot be taken for whole; one that has been written to its end still goes out. */
  cut(): void;
  /** Called once, when the answer has gone out whole (`sent`), or can no more. */
  onOver(listener: (sent: boolean) => void): void;
  /** Answers 101 where the request asks for it, and hands the connection over with what came on it already; null: it does not. */
  readonly upgrade: ((headers: RawHeaders) => { connection: Duplex; head: Buffer }) | null;
}
