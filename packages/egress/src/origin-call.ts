import type { Duplex, Readable, Writable } from 'node:stream';
import type { Reach } from './origin.js';
import type { HttpTarget } from './target.js';

/** A request for an origin, whatever version of HTTP it speaks. */
export interface OriginRequest {
  readonly target: HttpTarget;
  /** Which addresses a connection made for it may go to. */
  readonly reach: Reach;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /**
   * Name, value, name, value …: end to end, without what frames a message but `Content-Length` (`Host` is among them, and for an
   * upgrade `Connection` and `Upgrade`).
   */
  readonly headers: readonly string[];
  /** Whether a body follows; where `Content-Length` is not among the headers, one of unknown length. */
  readonly hasBody: boolean;
  /** Goes over HTTP/1.1, on a connection of its own. */
  readonly upgrade: boolean;
  readonly signal: AbortSignal;
}

/** What comes back, in this order; nothing comes after `failed`, `upgraded`, or the end of the response's body. */
export interface OriginEvents {
  /** An interim response: 100 and 103. */
  information(status: number, headers: readonly string[]): void;
  response(response: OriginResponse): void;
  /** 101: from now on it is a connection of bytes, of which `head` came already. */
  upgraded(response: OriginResponse, connection: Duplex, head: Buffer): void;
  /** EgressError `origin-unreachable`, or DeniedError of the address; after a response its body is destroyed instead. */
  failed(error: Error): void;
}

export interface OriginResponse {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Readable;
  /** Once the body has ended. */
  trailers(): readonly string[];
}

/** A request under way. */
export interface OriginCall {
  /** Where the request's body goes; null where there is none. */
  readonly body: Writable | null;
  /** The address that it goes to. */
  readonly address: string;
  /** What follows the body; before it is ended. */
  setTrailers(trailers: readonly string[]): void;
}
