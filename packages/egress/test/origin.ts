import { once } from 'node:events';
import {
  createServer as createHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { type Authority, openAuthority } from '../src/tls/authority.js';

/** A real server on loopback that stands in for one on the network. */
export interface TestOrigin {
  readonly port: number;
  /** How many connections it has taken so far. */
  readonly connections: () => number;
  /** Ends every connection, as a server that restarts. */
  readonly drop: () => void;
  readonly server: Server;
}

/** HTTP/2 comes in the same shape (Node's compatibility API). */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let publicAuthority: Promise<Authority> | null = null;
const opened: TestOrigin[] = [];

/** The authority that all of the test's origins have their certificates from. */
export function originAuthority(): Promise<Authority> {
  publicAuthority ??= openAuthority(temporaryFolder());
  return publicAuthority;
}

/** Starts one; `closeOrigins` ends all. `h2` speaks HTTP/1.1 as well. */
export async function startOrigin(speaks: 'http' | 'https' | 'h2', handler: Handler): Promise<TestOrigin> {
  const authority = await originAuthority();
  const secure = {
    SNICallback: (name: string, done: (error: null, context: SecureContext) => void) =>
      done(null, createSecureContext({ ...authority.issue(name) })),
  };
  const server = {
    http: () => createHttp(handler),
    https: () => createHttps(secure, handler),
    h2: () =>
      createSecureServer({ ...secure, allowHTTP1: true }).on(
        'request',
        handler as never,
      ) as unknown as Server,
  }[speaks]();
  const sockets = new Set<Socket>();
  let count = 0;
  server.on('connection', (socket: Socket) => {
    count += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin: TestOrigin = {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    drop: () => {
      for (const socket of sockets) socket.destroy();
    },
    server,
  };
  opened.push(origin);
  return origin;
}

export async function closeOrigins(): Promise<void> {
  for (const origin of opened.splice(0)) {
    const closed = once(origin.server, 'close');
    origin.server.close();
    origin.drop();
    await closed;
  }
}
