import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { closeBottles, startBottle } from '../test/bottle.js';

const RUNS = 600;

afterEach(closeBottles);

const HOSTS = [
  'a.test:PORT',
  'A.TEST.:PORT',
  'evil.test:PORT',
  'a.test',
  '[::1]:PORT',
  'a.test:PORT@evil.test',
  '',
  'a.test:0',
];
const LINES = [
  'X: y',
  'Host: a.test:PORT',
  'Host: evil.test:PORT',
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 00000000000000000005',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: x, chunked',
  'Connection: close',
  'Connection: Upgrade, Host, Content-Length',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: x',
  'Trailer: x',
  'X: \xff\x80',
  'X:',
  ' folded',
  'no colon',
  ': no name',
  '__proto__: x',
  'constructor: x',
];
const ENDS = ['\r\n', '\n', '\r', '\r\n\r\n', '\0', ''];
const BODIES = [
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;x\r\nhello\r\n0\r\nX: y\r\n\r\n',
  'ffffffffffffffff\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: a.test:PORT\r\n\r\n',
];

/** Mostly the first of them: a message that is odd in every part is refused for the first. */
const mostly = (values: readonly string[]) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constant(values[0] ?? '') },
    { weight: 1, arbitrary: fc.constantFrom(...values) },
  );

const line = fc.tuple(mostly(LINES), mostly(ENDS)).map(parts => parts.join(''));
const message = fc
  .record({
    method: mostly(['GET', 'POST', 'CONNECT', 'HEAD', 'OPTIONS', 'TRACE', 'get', 'PRI', '', 'G\0T']),
    form: mostly([
      'http://HOST/',
      'http://HOST',
      'HOST',
      '/',
      '*',
      'https://HOST/',
      'http://HOST/?a b',
      '//HOST/',
      'http:HOST/',
    ]),
    host: mostly(HOSTS),
    version: mostly([' HTTP/1.1', ' HTTP/1.0', ' HTTP/2.0', ' HTTP/0.9', '']),
    end: mostly(ENDS),
    said: mostly(['Host: a.test:PORT\r\n', '']),
    lines: fc.array(line, { maxLength: 3 }),
    body: mostly(BODIES),
  })
  .map(({ method, form, host, version, end, said, lines, body }) => {
    return `${method} ${form.replace('HOST', host)}${version}${end}${said}${lines.join('')}\r\n${body}`;
  });
const bent = fc
  .tuple(message, fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }))
  .map(([text, changes]) =>
    changes.reduce(
      (now, [at, to]) =>
        now.slice(0, at % now.length) + String.fromCharCode(to) + now.slice((at % now.length) + 1),
      text,
    ),
  );

describe('The front of the proxy', () => {
  it('reads any bytes, and lets nothing out but whole requests for what is allowed', async () => {
    const seen: string[] = [];
    const broken: string[] = [];
    const origin = createServer((request, response) => {
      seen.push(`${request.headers.host} ${request.url}`);
      request.resume().on('end', () => response.end());
    });
    // What the proxy sends must be HTTP for a server as strict as itself.
    origin.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      // A body that is cut short ends the connection, as it must.
      if (error.code?.startsWith('HPE_') && error.code !== 'HPE_INVALID_EOF_STATE')
        broken.push(`${error.code} ${error.message}`);
      socket.destroy();
    });
    origin.listen(0, '127.0.0.1');
    await once(origin, 'listening');
    const { port } = origin.address() as AddressInfo;
    const allowed = `a.test:${port}`;
    const bottle = await startBottle({ allowlist: `${allowed} private\n` });

    const talk = async (messages: readonly string[]) => {
      const socket = await bottle.dial();
      socket
        .on('error', () => {})
        .once('data', () => socket.end())
        .resume();
      for (const text of messages) socket.write(Buffer.from(text.replaceAll('PORT', String(port)), 'latin1'));
      // Not at once: a client that ends its side has left.
      setTimeout(() => socket.end(), 100);
      await once(socket, 'close');
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(message, bent), { minLength: 1, maxLength: 4 }), async messages => {
        await talk(messages);
        expect(broken.splice(0)).toEqual([]);
        expect(seen.filter(asked => asked.split(' ')[0] !== allowed)).toEqual([]);
      }),
      { numRuns: RUNS, seed: 99 },
    );
    // It still serves, and the attempts were of both kinds.
    const before = seen.length;
    await talk([`GET http://${allowed}/end HTTP/1.1\r\nHost: ${allowed}\r\nConnection: close\r\n\r\n`]);
    expect(seen.slice(before)).toEqual([`${allowed} /end`]);
    expect(before).toBeGreaterThan(RUNS / 20);
    expect((await bottle.log()).filter(({ event }) => event === 'denied').length).toBeGreaterThan(RUNS / 4);
    origin.closeAllConnections();
    origin.close();
  });
});
