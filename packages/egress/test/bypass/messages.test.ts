import { type Attempt, describeAttempts } from './attempts.js';
import { piping } from './naive-proxy.js';
import { Rig } from './rig.js';

const HOST = 'Host: allowed.example:PORT\r\n';
const post = (headers: string, body: string) =>
  `POST http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}X: x\r\n\r\n`;
const CHUNK = `${SMUGGLED.replace('PORT', '00000').length.toString(16)}`;

/** Each hides a second request in the body of the first, for a server that reads it otherwise than the proxy. */
const SMUGGLES: readonly [name: string, message: string][] = [
  [
    'CL.TE: a length, and chunks that end before it',
    post(`Content-Length: ${5 + 60}\r\nTransfer-Encoding: chunked\r\n`, `0\r\n\r\n${SMUGGLED}`),
  ],
  [
    'TE.CL: chunks, and a length that ends before them',
    post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `${CHUNK}\r\n${SMUGGLED}\r\n0\r\n\r\n`),
  ],
  ['TE.TE: an unknown encoding', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
  [
    'TE.TE: an encoding twice',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', `0\r\n\r\n${SMUGGLED}`),
  ],
  ['TE.TE: chunked, then identity', post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['TE.TE: identity, then chunked', post('Transfer-Encoding: identity, chunked\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['TE.TE: an encoding in quotes', post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${SMUGGLED}`)],
  ['TE.TE: a space before the colon', post('Transfer-Encoding : chunked\r\nContent-Length: 0\r\n', SMUGGLED)],
  [
    'TE.TE: a vertical tab before the value',
    post('Transfer-Encoding: \x0bchunked\r\nContent-Length: 0\r\n', SMUGGLED),
  ],
  ['TE.TE: a folded value', post('Transfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n', SMUGGLED)],
  [
    'a folded header that holds an encoding',
    post('X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 0, 0\r\n', SMUGGLED),
  ],
  ['two lengths that differ', post('Content-Length: 0\r\nContent-Length: 61\r\n', SMUGGLED)],
  ['two lengths that are one', post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello')],
  ['a list of lengths', post('Content-Length: 0, 61\r\n', SMUGGLED)],
  ['a length with a sign', post('Content-Length: +0\r\n', SMUGGLED)],
  ['a negative length', post('Content-Length: -1\r\n', SMUGGLED)],
  ['a length in hexadecimal', post('Content-Length: 0x0\r\n', SMUGGLED)],
  ['a length past 64 bits', post('Content-Length: 18446744073709551616\r\n', SMUGGLED)],
  ['an empty length', post('Content-Length: \r\n', SMUGGLED)],
  [
    'a bare line feed that ends the head',
    `POST http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}Content-Length: 61\r\nX: y\n\n${SMUGGLED}`,
  ],
  [
    'a bare line feed between headers',
    `POST http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  ['a bare line feed after the request line', `GET http://allowed.example:PORT/ HTTP/1.1\n${HOST}\r\n`],
  [
    'a bare carriage return between headers',
    `POST http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  [
    'a NUL in a header',
    `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}X: y\0Transfer-Encoding: chunked\r\n\r\n`,
  ],
  [
    'a header without a colon',
    `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}Transfer-Encoding\r\n\r\n`,
  ],
  [
    'a header that begins with a space',
    `GET http://allowed.example:PORT/ HTTP/1.1\r\n Transfer-Encoding: chunked\r\n${HOST}\r\n`,
  ],
  ['a header without a name', `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}: chunked\r\n\r\n`],
  ['a version that there is not', `GET http://allowed.example:PORT/ HTTP/1.2\r\n${HOST}\r\n`],
  ['HTTP/0.9', 'GET http://allowed.example:PORT/\r\n\r\n'],
  ['HTTP/0.9 with headers', `GET http://allowed.example:PORT/\r\n${HOST}\r\n`],
  ['the method of HTTP/2, without a version', `PRI http://allowed.example:PORT/\r\n${HOST}\r\n`],
  ['HTTP/2 without its upgrade', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  [
    'a body in a request of HTTP/1.0 that is chunked',
    `POST http://allowed.example:PORT/ HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  ],
  ['a method that there is not', `SMUGGLE http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}\r\n`],
  [
    'more than 64 KiB of headers',
    `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}${`X: ${'y'.repeat(8000)}\r\n`.repeat(9)}\r\n`,
  ],
  ['a target of 64 KiB', `GET http://allowed.example:PORT/${'y'.repeat(1 << 16)} HTTP/1.1\r\n${HOST}\r\n`],
];

describeAttempts(
  'A request that two servers could read in two ways is refused:',
  {},
  SMUGGLES.map(
    ([name, send]): Attempt => ({
      name,
      send,
      rule: 'malformed',
      reaches: /smuggled/,
      naive: send.includes(SMUGGLED) ? piping : 'it hides no request: the message itself is broken',
    }),
  ),
);

/** What is read in one way, and passed on so (`heard` by the origin) or broken off in the middle (null). */
const CLEANED: readonly [name: string, send: string, heard: RegExp | null][] = [
  [
    'two spaces before the version',
    `GET http://allowed.example:PORT/  HTTP/1.1\r\n${HOST}\r\n`,
    /^GET \/ HTTP\/1\.1\r\nHost: \S+\r\n.*\r\n\r\n$/,
  ],
  [
    '20,000 headers in less than 64 KiB',
    `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}${'X:\r\n'.repeat(20_000)}\r\n`,
    /^GET \/ HTTP\/1\.1\r\nHost: \S+\r\n(X: \r\n){20000}.*\r\n\r\n$/,
  ],
  [
    'chunk extensions',
    post('Transfer-Encoding: chunked\r\n', '5;a=b;c="d\\"e"\r\nhello\r\n0\r\n\r\n'),
    /\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/,
  ],
  [
    'a chunk extension with a bare line feed',
    post('Transfer-Encoding: chunked\r\n', `5;a\nhello\r\n0\r\n\r\n${SMUGGLED}`),
    null,
  ],
  [
    'a chunk size past 64 bits',
    post('Transfer-Encoding: chunked\r\n', `FFFFFFFFFFFFFFFFF\r\n${SMUGGLED}`),
    null,
  ],
  ['a chunk size with a prefix', post('Transfer-Encoding: chunked\r\n', `0x0\r\n\r\n${SMUGGLED}`), null],
  [
    'a chunk that is longer than its size',
    post('Transfer-Encoding: chunked\r\n', `2\r\nhello\r\n0\r\n\r\n${SMUGGLED}`),
    null,
  ],
  [
    'a chunk that ends in a bare line feed',
    post('Transfer-Encoding: chunked\r\n', `5\r\nhello\n0\r\n\r\n${SMUGGLED}`),
    null,
  ],
  [
    'trailers that would frame or route the message',
    post(
      'Transfer-Encoding: chunked\r\nTrailer: Host\r\n',
      '5\r\nhello\r\n0\r\nHost: evil.test\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\n\r\n',
    ),
    null,
  ],
  [
    'a length that a hostile Connection header lists',
    post('Connection: close, Content-Length, Host\r\nContent-Length: 61\r\n', SMUGGLED),
    /^POST [\s\S]*\r\nContent-Length: 61\r\n[\s\S]*\r\n\r\nGET \/smuggled/,
  ],
  [
    'an Upgrade to h2c',
    `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n`,
    /^GET \/ HTTP\/1\.1\r\nHost: \S+\r\nConnection: keep-alive\r\n\r\n$/,
  ],
  [
    'what is for the proxy alone',
    `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}Proxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nKeep-Alive: 5\r\n\r\n`,
    /^GET \/ HTTP\/1\.1\r\nHost: \S+\r\nConnection: keep-alive\r\n\r\n$/,
  ],
];

describe('A request has one reading:', () => {
  it.each(CLEANED)('%s', async (_name, send, expected) => {
    const rig = await Rig.start();
    const wire = await rig.wire();
    wire.send(rig.text(send));
    const answers = await wire.answers();
    wire.close();
    await rig.close();
    expect(rig.forbidden.heard).toEqual([]);
    expect(answers.map(({ status }) => status === 200)).toEqual(
      expected === null ? expect.not.arrayContaining([true]) : [true],
    );
    if (expected === null) expect(rig.allowed.heard.join('')).not.toMatch(/smuggled|evil/);
    else expect(rig.allowed.heard).toEqual([expect.stringMatching(expected)]);
  });
});

describe('What takes a connection for itself', () => {
  const get = `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}`;
  it.each([
    [
      'an upgrade',
      `${get}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    ],
    ['a tunnel', `CONNECT allowed.example:PORT HTTP/1.1\r\n${HOST}\r\n`],
    ['a broken message', 'GET\0\r\n\r\n'],
  ])('cannot come before what was asked first is answered: %s', async (_name, second) => {
    const rig = await Rig.start();
    const wire = await rig.wire();
    wire.send(rig.text(`${get}\r\n${second}`));
    expect(await wire.end()).toBe('');
    await rig.close();
    expect(rig.log().flatMap(({ event, rule }) => (event === 'denied' ? [rule] : []))).toEqual(['malformed']);
  });
});
