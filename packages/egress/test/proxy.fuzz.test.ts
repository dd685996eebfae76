import { once } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { closeBottles, exchangeBytes, startBottle } from './bottle.js';
import { closeOrigins, startOrigin } from './origin.js';

const RUNS = Number(process.env['RUNS'] ?? 400);

afterEach(async () => {
  await closeBottles();
  await closeOrigins();
});

const SEEDS = [
  'GET http://a.test:PORT/x?y HTTP/1.1\r\nHost: a.test:PORT\r\n\r\n',
  'POST http://a.test:PORT/ HTTP/1.1\r\nHost: a.test:PORT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST http://a.test:PORT/ HTTP/1.1\r\nHost: a.test:PORT\r\nContent-Length: 5\r\n\r\nhello',
  'CONNECT a.test:PORT HTTP/1.1\r\nHost: a.test:PORT\r\n\r\nGET / HTTP/1.1\r\nHost: a.test:PORT\r\n\r\n',
  'CONNECT a.test:PORT HTTP/1.1\r\n\r\n\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x03',
  'GET http://a.test:PORT/ HTTP/1.1\r\nHost: a.test:PORT\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET http://b.test:PORT/secret HTTP/1.1\r\nHost: b.test:PORT\r\n\r\n',
];
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  '@',
  '/',
  'b.test:PORT',
  'Host: b.test:PORT\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: x, chunked\r\n',
  'Connection: host\r\n',
  '\xff',
  '0\r\n\r\n',
  'GET http://b.test:PORT/secret HTTP/1.1\r\nHost: b.test:PORT\r\n\r\n',
  'HTTP/1.0',
  'x'.repeat(70_000),
];

/** A seed that was cut, doubled and filled at some places, and where the writes that send it end. */
const messages = fc.record({
  seed: fc.constantFrom(...SEEDS),
  edits: fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(6),
      put: fc.option(fc.constantFrom(...PIECES)),
    }),
    { maxLength: 5 },
  ),
  writes: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
});

it('lets nothing reach a host that is not allowed, and goes on serving, whatever it is sent', async () => {
  const forbidden: string[] = [];
  const origin = await startOrigin('http', (request, response) => {
    if (request.headers.host?.startsWith('b.test')) forbidden.push(request.url ?? '');
    request.resume().on('end', () => response.end('ok'));
  });
  // The two are one server: only what the proxy understood tells them apart.
  origin.server.on('clientError', (_error, socket) => socket.destroy());
  const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` });
  const render = (text: string) => text.replaceAll('PORT', String(origin.port));
  const run = async ({
    seed,
    edits,
    writes,
  }: {
    seed: string;
    edits: { at: number; cut: number; put: string | null }[];
    writes: number[];
  }) => {
    let text = render(seed);
    for (const { at, cut, put } of edits) {
      const index = Math.floor(at * text.length);
      text = text.slice(0, index) + render(put ?? '') + text.slice(index + cut);
    }
    const socket: Socket = await bottle.dial();
    socket.on('error', () => {}).resume();
    const ends = [...writes.map(share => Math.floor(share * text.length)), text.length].sort((a, b) => a - b);
    let from = 0;
    for (const end of ends) {
      socket.write(text.slice(from, end), 'latin1');
      from = end;
      await new Promise(setImmediate);
    }
    socket.end();
    const timer = setTimeout(() => socket.destroy(), 500); // it waits for the rest, as it may
    if (!socket.closed) await once(socket, 'close').catch(() => {});
    clearTimeout(timer);
    expect(forbidden).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(messages, run), { numRuns: RUNS, interruptAfterTimeLimit: 45_000 });
  expect(
    await exchangeBytes(bottle, render(`${SEEDS[0]}`).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')),
  ).toMatch(/^HTTP\/1.1 200 /);
});
