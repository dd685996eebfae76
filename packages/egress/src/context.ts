import type { Duplex } from 'node:stream';
import type { Credential } from '@bot-bottle/live-config';
import type { Journal } from './journal.js';
import type { LiveTraffic } from './live-traffic.js';
import type { ConnectOptions } from './origin.js';
import type { OriginHttp } from './origin-http.js';
import type { Policy } from './policy.js';
import type { HttpTarget, Target } from './target.js';
import type { Turns } from './turns.js';

/** What the parts of one bottle's proxy share. */
export interface Context {
  readonly bottle: string;
  /** The policy in force at this moment. */
  policy(): Policy;
  /** Where every decision is recorded. */
  readonly journal: Journal;
  readonly credentials: Credentials;
  /** Connections to origins that may be kept under the policy in force. */
  origins(): OriginHttp;
  readonly connecting: ConnectOptions;
  /** What is let out now, to be judged again by each new policy. */
  readonly live: LiveTraffic;
  /** For what a new policy ends, which may be much at once. */
  readonly turns: Turns;
  readonly limits: Limits;
  /**
   * Serves HTTP/1.1 on a connection whose every request is for one target (`Host` must be it): what a TLS termination
   * does with its plain side, and a tunnel with plain HTTP. Bytes already read are to be unshifted before.
   */
  serveRequests(connection: Duplex, target: HttpTarget): void;
  /**
   * Ends the TLS of a connection that begins with a client hello (unshifted, its server name checked), and serves the
   * requests in it. Never throws; an unusable connection is destroyed.
   */
  inspect(connection: Duplex, target: Target): void;
}

/** Values of credentials, fetched when needed. */
export interface Credentials {
  /** The value. @throws EgressError `credential-unavailable`, never with the value in it. */
  get(credential: Credential): Promise<string>;
  /** Fetches it again, the origin having answered 401 to `rejected`. */
  refresh(credential: Credential, rejected: string): Promise<string>;
}

/** Bounds on what one bottle can make the proxy hold. */
export interface Limits {
  /** Connections from the bottle at one time; default 1024. More are closed at once. */
  readonly connections: number;
  /** Bytes of a request's head; default 64 KiB. */
  readonly headerBytes: number;
  /** Milliseconds until a connection must have sent its (next) request's head or its client hello; default 60,000. */
  readonly headerMs: number;
  /** Milliseconds without a byte either way after which a tunnel or an exchange is cut; default one hour. */
  readonly idleMs: number;
  /** Milliseconds to look a name up and to connect; default 30,000. */
  readonly connectMs: number;
}
