import { createServer, request as send } from 'node:http';
import { connect, createServer as createTcp, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Lookup } from '../../src/origin.js';

/** Makes a proxy with the names of the test's world. */
export type Control = (lookup: Lookup) => Server;

/**
 * The proxy that one writes in an afternoon: it judges the name by its text, believes the Host header, and lets the socket library look names up. The control of the tests here: an attempt
 * that does not get through this one shows nothing.
 */
export const judging =
  (judge: (host: string) => boolean): Control =>
  lookup => {
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '', `http://${request.headers.host}`);
      const host = request.headers.host?.split(':')[0] ?? '';
      if (!judge(host)) {
        response.writeHead(403).end();
        return;
      }
      const { method, headers } = request;
      const passed = send(
        url,
        { method, headers, createConnection: () => dial(lookup, url.hostname, Number(url.port || 80)) },
        answer => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        },
      );
      passed.on('error', () => response.destroy());
      request.pipe(passed);
    });
    server.on('connect', (request, client) => {
      const [host = '', port] = (request.url ?? '').split(/:(?=[^:]*$)/);
      if (!judge(host)) {
        client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const origin = dial(lookup, host.replace(/^\[|\]$/g, ''), Number(port));
      origin.once('connect', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      join(client, origin);
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    return server;
  };

/** The proxy that judges the first request of a connection, and takes what follows for part of it. */
export const piping: Control = lookup =>
  createTcp(client => {
    client.once('data', (first: Buffer) => {
      const [, host = '', port] = /^host\s*: *([^:\s]*):?(\d*)/im.exec(first.toString('latin1')) ?? [];
      if (!/(^|\.)(allowed|wild)\.example$/.test(host))
        return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      const origin = dial(lookup, host, Number(port));
      origin.write(first);
      join(client, origin);
    });
  });

function dial(lookup: Lookup, host: string, port: number): Socket {
  return connect({
    host,
    port,
    lookup: (name, _options, done) =>
      lookup(name, { all: true, verbatim: true }).then(
        addresses => done(null, addresses),
        error => done(error, []),
      ),
  });
}

function join(one: Duplex, other: Duplex): void {
  one.on('error', () => other.destroy()).pipe(other);
  other.on('error', () => one.destroy()).pipe(one);
  one.on('close', () => other.destroy()); // at the end of a test, in the middle of a message
}

/** The proxy that looks a name up to judge where it leads, and then has it looked up again to connect. */
export const lookingTwice: Control = lookup =>
  createServer().on('connect', async (request, client) => {
    const [host = '', port] = (request.url ?? '').split(':');
    const [found] = await lookup(host, { all: true, verbatim: true });
    if (found?.address === '127.0.0.1') return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const origin = dial(lookup, host, Number(port));
    origin.once('connect', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    join(client as Duplex, origin);
  });

/** The proxy that judges the path by its beginning, as it was sent, and whatever the method. */
export const byPrefix: Control = lookup =>
  createServer((request, response) => {
    const [, host = '', port, path = ''] = /^http:\/\/([^:/]*):(\d*)(.*)$/.exec(request.url ?? '') ?? [];
    if (!path.startsWith('/v1')) return void response.writeHead(403).end();
    const origin = dial(lookup, host, Number(port));
    origin.write(`${request.method} ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`);
    join(request.socket, origin);
  });
