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
  /** Before anything of the request is sent, and again where it is sent again; what this throws, fails the request. */
  connected(address: string): void;
  /** An interim response: 100 and 103. */
  information(status: number, headers: readonly string[]): void;
  response(response: OriginResponse): void;
  /** 101: from now on it is a connection of bytes, of which `head` came already. */
  upgraded(response: OriginResponse, connection: Duplex, head: Buffer): void;
  /**
   * EgressError `origin-unreachable`, in place of a response. `again`: on a connection that was kept, and that the origin may have
   * closed before it saw the request.
   */
  failed(error: Error, again: boolean): void;
}

export interface OriginResponse {
  readonly status: number;
  readonly headers: readonly string[];
  /** Fails where it is cut while it is sent; an HTTP/2 origin can also end it early without a failure. */
  readonly body: Readable;
  /** False where the head said already that no body follows: in HTTP/2 that is not the same as an empty one (gRPC). */
  readonly hasBody: boolean;
  /** Once the body has ended: whether that was its end, and not an early one. */
  isWhole(): boolean;
  /** Once the body has ended. */
  trailers(): readonly string[];
}

/** A request under way. */
export interface OriginCall {
  /** Where the request's body goes; null where there is none. */
  readonly body: Writable | null;
  /** What follows the body; before it is ended. */
  setTrailers(trailers: readonly string[]): void;
}
