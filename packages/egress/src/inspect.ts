import type { Duplex } from 'node:stream';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Context } from './context.js';
import { serveHttp2 } from './serve-http2.js';
import type { HttpTarget, Target } from './target.js';
import type { Authority } from './tls/authority.js';

/** A wildcard route would else let the bottle fill the keeper's memory with servers for names that it makes up. */
const MAX_SERVERS = 256;
/** HTTP/2 connections that may send 8 MiB ahead each: the bottle's memory limit does not bind the keeper. */
const MAX_AHEAD = 16;

interface Kept {
  readonly server: Server;
  readonly renewAt: number;
}

/** Ends the TLS of connections whose requests are to be judged, as the bottle's authority stands in for their targets. */
export class Inspector {
  /** By target, that used longest ago first: a TLS server that listens nowhere, kept so that clients can resume their sessions. */
  readonly #servers = new Map<string, Kept>();
  /** Open ones that may send ahead. */
  #ahead = 0;

  constructor(
    private readonly authority: Authority,
    private readonly context: Context,
    private readonly now: () => number = Date.now,
  ) {}

  /** See `Context.inspect`. */
  inspect(connection: Duplex, target: Target): void {
    this.serverFor(target).emit('connection', connection);
  }

  /** The server that stands in for a target. */
  serverFor(target: Target): Server {
    const key = `${target.host} ${target.port}`;
    const found = this.#servers.get(key);
    const kept = found && found.renewAt > this.now() ? found : this.#create(target);
    this.#servers.delete(key);
    this.#servers.set(key, kept);
    const [oldest] = this.#servers.keys();
    if (this.#servers.size > MAX_SERVERS && oldest !== undefined) this.#servers.delete(oldest);
    return kept.server;
  }

  #create(target: Target): Kept {
    const { cert, key, renewAt } = this.authority.issue(target.host);
    const server = createServer({
      cert,
      key,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: this.context.limits.headerMs,
    });
    server.on('secureConnection', secure => this.#serve(secure, target));
    server.on('tlsClientError', (_error, secure) => secure.destroy());
    return { server, renewAt };
  }

  #serve(secure: TLSSocket, target: Target): void {
    secure.on('error', () => {}); // it is destroyed then, and what is in it with it
    const bound = { ...target, scheme: 'https' } as const;
    if (secure.alpnProtocol === 'h2') this.#serveHttp2(secure, bound);
    else this.context.serveRequests(secure, bound);
  }

  #serveHttp2(secure: TLSSocket, bound: HttpTarget): void {
    const ahead = this.#ahead < MAX_AHEAD;
    if (ahead) {
      this.#ahead += 1;
      secure.once('close', () => {
        this.#ahead -= 1;
      });
    }
    serveHttp2(secure, bound, this.context, ahead);
  }
}
