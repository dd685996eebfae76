import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { EgressOptions } from '../src/proxy.js';
import { type Bottle, readUntil, startBottle } from './bottle.js';
import { originAuthority } from './origin.js';

export const HOST = 'api.test';
export type Version = 'http/1.1' | 'h2';

/** A bottle whose requests to `api.test` at this port are inspected: the route's further lines are in `route`. */
export async function inspectedBottle(
  port: number,
  route = 'methods: [GET, HEAD, POST, PUT, TRACE]',
  options: Partial<EgressOptions> = {},
): Promise<Bottle> {
  const routes = `routes:\n  - host: ${HOST}:${port}\n    ${route}\n`;
  const roots = [(await originAuthority()).certificate];
  return startBottle({ allowlist: `${HOST}:${port} private`, routes }, { roots, ...options });
}

/** TLS to the inspected host, through the proxy. */
export async function dialTls(
  bottle: Bottle,
  port: number,
  version: Version,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = await bottle.dial();
  socket.write(`CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`);
  await readUntil(socket, '\r\n\r\n');
  const ca = readFileSync(bottle.egress.trust.certificate);
  const secure = connectTls({ socket, servername: HOST, ca, ALPNProtocols: [version], ...options });
  await once(secure, 'secureConnect');
  return secure;
}

export interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Uint8Array;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
  /** Status and headers of interim answers. */
  readonly hints: [number, IncomingHttpHeaders][];
}

/** A client of the inspected host that keeps its connection. */
export interface Client {
  ask(request?: Asked): Promise<Answered>;
  close(): void;
}

export async function startClient(bottle: Bottle, port: number, version: Version): Promise<Client> {
  const connection = await dialTls(bottle, port, version);
  return version === 'h2' ? http2Client(connection, port) : http1Client(connection, port);
}

function http2Client(connection: TLSSocket, port: number): Client {
  const session: ClientHttp2Session = connectHttp2(`https://${HOST}:${port}`, {
    createConnection: () => connection,
  });
  return {
    ask: async ({ path = '/', method = 'GET', headers = {}, body } = {}) => {
      const stream = session.request(
        { ':path': path, ':method': method, ...headers },
        { endStream: body === undefined },
      );
      const hints: Answered['hints'] = [];
      let trailers: IncomingHttpHeaders = {};
      stream.on('headers', interim => hints.push([Number(interim[':status']), interim]));
      stream.on('trailers', received => {
        trailers = received;
      });
      if (body !== undefined) stream.end(body);
      const [received] = (await once(stream, 'response')) as [IncomingHttpHeaders];
      const content = await text(stream);
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) throw new Error(`reset with ${stream.rstCode}`);
      return { status: Number(received[':status']), headers: received, body: content, trailers, hints };
    },
    close: () => session.destroy(),
  };
}

function http1Client(connection: TLSSocket, port: number): Client {
  return {
    ask: async ({ path = '/', method = 'GET', headers = {}, body } = {}) => {
      const sent = httpRequest({
        createConnection: () => connection,
        path,
        method,
        headers: { host: `${HOST}:${port}`, connection: 'keep-alive', ...headers },
      });
      const hints: Answered['hints'] = [];
      sent.on('information', interim => hints.push([interim.statusCode, interim.headers]));
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const content = await text(response);
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: content,
        trailers: response.trailers,
        hints,
      };
    },
    close: () => connection.destroy(),
  };
}
