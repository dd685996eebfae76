import { readFileSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { writeLiveConfig } from '@bot-bottle/live-config';
import {
  type Bottle,
  closeBottles,
  exchangeBytes,
  readAll,
  readUntil,
  startBottle,
  tick,
} from '../test/bottle.js';
import { closeOrigins, startOrigin, type TestOrigin } from '../test/origin.js';
import { readApplied, waitUntilApplied } from './applied.js';

afterEach(async () => {
  await closeBottles();
  await closeOrigins();
});

const get = (host: string, port: number, path = '/') =>
  `GET http://${host}:${port}${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: close\r\n\r\n`;

const echoing = () =>
  startOrigin('http', (request, response) => {
    if (request.url === '/wait') response.flushHeaders();
    else response.writeHead(200, { 'Content-Length': '2' }).end('ok');
  });

/** A tunnel that carries something other than HTTP and TLS; its bytes come back. */
async function rawTunnel(bottle: Bottle, host: string, origin: TestOrigin) {
  const socket = await bottle.dial();
  socket.on('error', () => {});
  socket.write(`CONNECT ${host}:${origin.port} HTTP/1.1\r\n\r\n\0`);
  await readUntil(socket, '\r\n\r\n');
  return socket;
}

/** Not events.once, which fails where a connection is broken off. */
const closed = (socket: Socket) => new Promise(resolve => socket.once('close', resolve));

describe('a policy that changes', () => {
  it('is in force for the next request on an open connection, both ways', async () => {
    const origin = await echoing();
    const entry = `a.test:${origin.port} private`;
    const bottle = await startBottle({ allowlist: entry });
    const socket = await bottle.dial();
    const ask = async () => {
      socket.write(get('a.test', origin.port).replace('close', 'keep-alive'));
      return readUntil(socket, '\n\r\n');
    };
    expect(await ask()).toMatch(/^HTTP\/1.1 200 /);
    await readUntil(socket, 'ok');
    await bottle.allow({ allowlist: [] });
    expect(await ask()).toMatch(/^HTTP\/1.1 403 /);
    await readUntil(socket, `bot-bottle allow test-abcde a.test:${origin.port}\n`);
    await bottle.allow({ allowlist: entry });
    expect(await ask()).toMatch(/^HTTP\/1.1 200 /);
    expect((await bottle.log(5)).map(({ event, generation }) => `${event} ${generation}`)).toEqual([
      'opened 1',
      'closed 1',
      'denied 2',
      'opened 3',
      'closed 3',
    ]);
  });

  it('cuts the tunnels that it no longer allows, and no others', async () => {
    const origin = await startOrigin('http', () => {});
    const stays = `a.test:${origin.port} private`;
    const bottle = await startBottle({ allowlist: `${stays}\nb.test:${origin.port} private` });
    // The origin is an HTTP server: it says 400 to NUL, and keeps what waits for its first line.
    const server = origin.server.on('clientError', (_error, socket) => socket.on('error', () => {}));
    const [kept, cut] = [
      await rawTunnel(bottle, 'a.test', origin),
      await rawTunnel(bottle, 'b.test', origin),
    ];
    await bottle.log(2);
    cut.resume();
    await Promise.all([closed(cut), bottle.allow({ allowlist: stays })]);
    expect(kept.destroyed).toBe(false);
    expect(await bottle.log(3)).toContainEqual(
      expect.objectContaining({ event: 'closed', host: 'b.test', cut: 'policy', generation: 1 }),
    );
    expect(server.listening).toBe(true);
  });

  it.each([
    [
      'its host becomes inspected',
      (e: string) => ({ allowlist: e, routes: `routes: [{ host: "${e.split(' ')[0]}", methods: [GET] }]` }),
    ],
    ['its address is no longer allowed', (e: string) => ({ allowlist: e.replace(' private', '') })],
    ['another protocol is no longer allowed', (e: string) => ({ allowlist: e.replace(/:\d+/, '') })],
  ])('cuts a tunnel when %s', async (_what, change) => {
    const origin = await startOrigin('http', () => {});
    origin.server.on('clientError', (_error, socket) => socket.on('error', () => {}));
    const entry = `a.test:${origin.port} private`;
    const bottle = await startBottle({ allowlist: entry });
    const socket = await rawTunnel(bottle, 'a.test', origin);
    await bottle.log(1);
    socket.resume();
    await Promise.all([closed(socket), bottle.allow(change(entry))]);
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', cut: 'policy' });
  });

  it('cuts an answer under way, and tells a client that has none yet why', async () => {
    const origin = await startOrigin('http', (request, response) => {
      if (request.url === '/begun') response.write('begun');
    });
    const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` });
    const [begun, waiting] = [await bottle.dial(), await bottle.dial()];
    begun.on('error', () => {});
    begun.write(get('a.test', origin.port, '/begun'));
    await readUntil(begun, 'begun');
    waiting.write(get('a.test', origin.port, '/silent'));
    await bottle.log(2);
    begun.resume();
    const [answer] = await Promise.all([readAll(waiting), closed(begun), bottle.allow({ allowlist: [] })]);
    expect(answer).toMatch(/^HTTP\/1.1 403 [\s\S]*host-not-allowed/);
    expect((await bottle.log(4)).slice(2).map(({ event, cut }) => `${event} ${cut}`)).toEqual([
      'closed policy',
      'closed policy',
    ]);
  });

  it('does not leave a connection to an origin for later that it forbids', async () => {
    const origin = await echoing();
    const entry = `a.test:${origin.port} private`;
    const bottle = await startBottle({ allowlist: entry });
    await exchangeBytes(bottle, get('a.test', origin.port));
    await bottle.allow({ allowlist: `a.test:${origin.port}` });
    expect(await exchangeBytes(bottle, get('a.test', origin.port))).toMatch(
      /^HTTP\/1.1 403 [\s\S]*private-address/,
    );
    expect(origin.connections()).toBe(1);
  });

  it('stays as it was where what follows is wrong, and says where', async () => {
    const origin = await echoing();
    const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` });
    const before = readFileSync(bottle.paths.allowlist);
    writeFileSync(bottle.paths.allowlist, 'a.test\n  *.com\n');
    const { pid } = process;
    const { signal } = new AbortController();
    const folder = join(bottle.folder, 'egress');
    const applied = await waitUntilApplied(folder, 2, { pid, signal });
    expect(applied).toMatchObject({
      generation: 1,
      refused: { message: expect.stringMatching(/allowlist:2:3: \*\.com takes in/) },
    });
    expect(await exchangeBytes(bottle, get('a.test', origin.port))).toMatch(/^HTTP\/1.1 200 /);
    // Put back as it was, it is no longer refused.
    writeFileSync(bottle.paths.allowlist, before);
    while (bottle.egress.applied().refused) await tick();
    expect(bottle.egress.applied().generation).toBe(1);
    const { generation } = await writeLiveConfig(bottle.paths, { allowlist: [] });
    expect(await waitUntilApplied(folder, generation, { pid, signal })).toMatchObject({
      generation,
      refused: null,
    });
    expect(await exchangeBytes(bottle, get('a.test', origin.port))).toMatch(/^HTTP\/1.1 403 /);
  });

  it('lets nothing out where there never was a good one', async () => {
    const bottle = await startBottle({ allowlist: 'a.test' });
    await bottle.egress.close();
    writeFileSync(bottle.paths.allowlist, '***');
    const again = await startBottle({}, { liveConfig: bottle.paths });
    expect(again.egress.applied()).toMatchObject({ generation: 0, refused: { message: expect.any(String) } });
    expect(await exchangeBytes(again, get('a.test', 80))).toMatch(/^HTTP\/1.1 403 /);
  });
});

describe('waitUntilApplied', () => {
  it('believes only the process that it is told of, and ends with its signal', async () => {
    const bottle = await startBottle({ allowlist: 'a.test' });
    const folder = join(bottle.folder, 'egress');
    expect(readApplied(folder)).toMatchObject({ version: 1, pid: process.pid, generation: 1, refused: null });
    const controller = new AbortController();
    const waiting = waitUntilApplied(folder, 1, { pid: process.pid + 1, signal: controller.signal });
    await tick();
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  it('says that nothing was applied yet, or that the file is none of ours', async () => {
    const bottle = await startBottle({ allowlist: 'a.test' });
    expect(readApplied(bottle.folder)).toBeNull();
    for (const text of ['{', '[]', 'null', '{"version":2}']) {
      writeFileSync(join(bottle.folder, 'applied.json'), text);
      expect(() => readApplied(bottle.folder)).toThrow(expect.objectContaining({ code: 'bad-folder' }));
    }
  });
});
