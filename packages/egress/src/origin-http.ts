import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type ConnectOptions, connectOrigin } from './origin.js';
import type { OriginCall, OriginEvents, OriginRequest } from './origin-call.js';
import { Http1Connections, originName } from './origin-http1.js';
import { Http2Connection } from './origin-http2.js';
import type { OriginTls } from './origin-tls.js';

export interface OriginHttpOptions extends ConnectOptions {
  readonly tls: OriginTls;
}

/** What may be sent again where a kept connection turns out to be closed (RFC 9110, section 9.2.2). */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/** Names are free where a route has a wildcard: the bottle must not fill the keeper's memory with them. */
const MAX_ORIGINS = 256;

/** HTTP/2 connections on which an origin may send 8 MiB ahead of a slow bottle, all of which the keeper would hold. */
const MAX_AHEAD = 16;

/** What is known of an origin that speaks TLS. */
interface Known {
  /** Undefined: nobody has asked yet. */
  version?: 'h2' | 'http/1.1';
  readonly http2: Http2Connection[];
  /** A connection that turned out to be HTTP/1.1 while the version was being asked for. */
  spare: TLSSocket | null;
  /** A connection that is being made, for all who wait for one, until who asked for it gives up. */
  pending: { readonly made: Promise<void>; readonly signal: AbortSignal } | null;
}

/**
 * HTTP to origins: HTTP/2 where TLS and the origin offer it, else HTTP/1.1; over connections that are kept between requests while
 * one policy is in force, since the next may forbid their addresses.
 */
export class OriginHttp {
  readonly #options: OriginHttpOptions;
  readonly #origins = new Map<string, Known>();
  /** Open ones that may be sent ahead on. */
  #ahead = 0;
  #retired = false;
  readonly #http1 = new Http1Connections(request => this.#connectHttp1(request));

  constructor(options: OriginHttpOptions) {
    this.#options = options;
  }

  /**
   * Sends a request's head, and resolves when it is under way.
   * @throws DeniedError, EgressError 'origin-unreachable'
   */
  open(request: OriginRequest, events: OriginEvents): Promise<OriginCall> {
    if (request.hasBody || !REPEATABLE.has(request.method)) return this.#open(request, events);
    return this.#open(request, {
      ...events,
      failed: (error, again) => {
        if (!again || request.signal.aborted) events.failed(error, again);
        else this.open(request, events).catch(cause => events.failed(cause, false));
      },
    });
  }

  async #open(request: OriginRequest, events: OriginEvents): Promise<OriginCall> {
    if (request.target.scheme === 'http' || request.upgrade) return this.#http1.open(request, events);
    const known = this.#knownOf(request);
    for (;;) {
      const connection = known.http2.find(({ usable }) => usable);
      if (connection) return connection.open(request, events);
      if (known.version === 'http/1.1') return this.#http1.open(request, events);
      known.pending ??= {
        signal: request.signal,
        made: this.#connectAny(request, known).finally(() => {
          known.pending = null;
        }),
      };
      const { signal, made } = known.pending;
      await made.catch((error: unknown) => {
        // Given up by another request: this one still wants a connection.
        if (signal === request.signal || !signal.aborted) throw error;
      });
      request.signal.throwIfAborted();
    }
  }

  /** Keeps nothing any more; what is under way goes on to its end. */
  retire(): void {
    this.#retired = true;
    this.#http1.retire();
    for (const name of [...this.#origins.keys()]) this.#forget(name);
  }

  #forget(name: string): void {
    const known = this.#origins.get(name);
    this.#origins.delete(name);
    if (known) letGo(known);
  }

  #knownOf(request: OriginRequest): Known {
    const name = originName(request);
    const found = this.#origins.get(name);
    if (found) return found;
    const known: Known = { http2: [], spare: null, pending: null };
    this.#origins.set(name, known);
    const [oldest] = this.#origins.keys();
    if (this.#origins.size > MAX_ORIGINS && oldest !== undefined) this.#forget(oldest);
    return known;
  }

  /** The first connection to an origin asks which version it speaks; further ones are made when all of HTTP/2 are full. */
  async #connectAny(request: OriginRequest, known: Known): Promise<void> {
    const connection = await this.#connectTls(request, ['h2', 'http/1.1']);
    known.version = connection.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
    if (known.version === 'http/1.1') known.spare = connection;
    else {
      const usable = known.http2.filter(kept => kept.usable);
      known.http2.splice(0, known.http2.length, ...usable, this.#http2Over(connection));
    }
    // Who waits for it, takes it first.
    if (this.#retired) setImmediate(() => letGo(known));
  }

  #http2Over(connection: TLSSocket): Http2Connection {
    const ahead = this.#ahead < MAX_AHEAD;
    if (ahead) {
      this.#ahead += 1;
      connection.once('close', () => {
        this.#ahead -= 1;
      });
    }
    return new Http2Connection(connection, ahead);
  }

  async #connectHttp1(request: OriginRequest): Promise<Duplex> {
    if (request.target.scheme === 'http') return this.#connect(request);
    const known = this.#knownOf(request);
    const { spare } = known;
    known.spare = null;
    if (spare && !spare.destroyed && !request.upgrade) return spare;
    return this.#connectTls(request, ['http/1.1']);
  }

  async #connectTls(request: OriginRequest, protocols: string[]): Promise<TLSSocket> {
    return this.#options.tls.secure(await this.#connect(request), request.target, protocols);
  }

  async #connect({ target, reach, signal }: OriginRequest): Promise<Socket> {
    const socket = await connectOrigin(target, reach, { ...this.#options, signal });
    // A kept connection that the origin has ended must be seen to be over.
    socket.allowHalfOpen = false;
    return socket;
  }
}

function letGo({ spare, http2 }: Known): void {
  spare?.destroy();
  for (const connection of http2) connection.retire();
}
