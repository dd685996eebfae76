import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import fc from 'fast-check';
import { closeBottles } from '../test/bottle.js';
import { dialTls, HOST, inspectedBottle } from '../test/inspected.js';
import { originAuthority } from '../test/origin.js';

const RUNS = 100;

afterEach(closeBottles);

const LINES = [
  'X: y',
  'Content-Length: 2',
  'Content-Length: 0',
  'Content-Length: -1',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip',
  'Connection: close',
  'Connection: Content-Length, X',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Trailer: X',
  'Link: </a>; rel=preload',
  'Link: broken',
  'Set-Cookie: a',
  'Content-Type: a',
  'ETag: b',
  'X: \xff\x80',
  'X: \0',
  'no colon',
  ' folded',
  '__proto__: x',
  'constructor: x',
  ':status: 200',
  'HTTP2-Settings: x',
  'Keep-Alive: timeout=0',
  'Proxy-Connection: x',
  'Host: evil.test',
  'Date: now',
];
const STATUSES = [
  '200 OK',
  '200',
  '204 No Content',
  '304 Not Modified',
  '401 Who',
  '407 Proxy',
  '100 Continue',
  '101 Switching Protocols',
  '102 Wait',
  '103 Hints',
  '199 Odd',
  '000 Zero',
  '600 More',
  '999 Most',
  '1000 Too',
  '-1 Less',
  ' 200',
];
const BODIES = [
  'hi',
  '',
  '2\r\nhi\r\n0\r\n\r\n',
  '2\r\nhi\r\n0\r\nConnection: x\r\nETag: a\r\nETag: b\r\n\r\n',
  'ffffffffffffffff\r\n',
  '2;x\r\nhi',
  '\0',
];

const mostly = (values: readonly string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(values[0] ?? '') },
    { weight: 2, arbitrary: fc.constantFrom(...values) },
  );
const answer = fc
  .record({
    version: mostly(['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', 'ICY']),
    status: mostly(STATUSES),
    lines: fc.array(fc.constantFrom(...LINES), { maxLength: 5 }),
    body: fc.constantFrom(...BODIES),
  })
  .map(
    ({ version, status, lines, body }) =>
      `${version} ${status}\r\n${lines.map(line => `${line}\r\n`).join('')}\r\n${body}`,
  );
const answers = fc.array(answer, { minLength: 1, maxLength: 3 }).map(parts => parts.join(''));

/** An origin that says these bytes to each request, and leaves. */
async function rawOrigin() {
  const says = { bytes: '' };
  const { cert, key } = (await originAuthority()).issue(HOST);
  const server = createServer({ cert, key }, socket => {
    socket.on('error', () => {}).once('data', () => socket.end(Buffer.from(says.bytes, 'latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { says, server, port: (server.address() as AddressInfo).port };
}

describe('Whatever an origin answers', () => {
  it.each(['http/1.1', 'h2'] as const)(
    'ends no more than that answer, for a client that speaks %s',
    async version => {
      const { says, server, port } = await rawOrigin();
      const bottle = await inspectedBottle(port);
      let whole = 0;
      /** Asks once; resolves with the status when all is over. */
      const ask = async (): Promise<number> => {
        const connection = await dialTls(bottle, port, version);
        connection.on('error', () => {});
        if (version === 'http/1.1') {
          let heard = '';
          connection.setEncoding('latin1').on('data', text => {
            heard += text;
          });
          connection.write(`GET / HTTP/1.1\r\nHost: ${HOST}:${port}\r\nConnection: close\r\n\r\n`);
          await new Promise(resolve => connection.once('close', resolve));
          return Number(
            /^HTTP\/1\.1 (\d{3}) /.exec(heard.replace(/^(HTTP\/1\.1 1\d\d .*?\r\n\r\n)*/s, ''))?.[1] ?? 0,
          );
        }
        const session = connectHttp2(`https://${HOST}:${port}`, { createConnection: () => connection }).on(
          'error',
          () => {},
        );
        let status = 0;
        const stream = session.request({ ':path': '/' }).on('error', () => {});
        stream.on('response', headers => {
          status = Number(headers[':status']);
        });
        stream.resume();
        await new Promise(resolve => stream.once('close', resolve));
        session.destroy();
        return status;
      };
      await fc.assert(
        fc.asyncProperty(answers, async bytes => {
          says.bytes = bytes;
          if ((await ask()) === 200) whole += 1;
        }),
        { numRuns: RUNS, seed: 31 },
      );
      expect(whole).toBeGreaterThan(RUNS / 20);
      says.bytes = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
      expect(await ask()).toBe(200);
      server.close();
    },
  );
});
