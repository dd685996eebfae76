import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import {
  type Bottle,
  closeBottles,
  exchangeBytes,
  readAll,
  readUntil,
  startBottle,
  tick,
} from '../test/bottle.js';
import { closeOrigins, type Handler, startOrigin, type TestOrigin } from '../test/origin.js';

afterEach(async () => {
  await closeBottles();
  await closeOrigins();
});

/** An origin, and a bottle that may reach it as a.test; `head` makes the head of a request for it. */
async function rig(handler: Handler, limits: Parameters<typeof startBottle>[1] = {}) {
  const origin = await startOrigin('http', handler);
  const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` }, limits);
  const head = (method: string, path: string, ...headers: string[]) =>
    [
      `${method} http://a.test:${origin.port}${path} HTTP/1.1`,
      `Host: a.test:${origin.port}`,
      ...headers,
      '',
      '',
    ].join('\r\n');
  return { origin, bottle, head };
}

describe('a plain HTTP request', () => {
  it('reaches its origin in origin form, without what is for the proxy alone', async () => {
    let seen: IncomingMessage | undefined;
    const { bottle, head, origin } = await rig((request, response) => {
      seen = request;
      response.writeHead(201, {
        'X-Answer': 'yes',
        'Set-Cookie': ['a=1', 'b=2'],
        'Proxy-Authenticate': 'Basic',
      });
      response.end('done');
    });
    const headers = [
      'Proxy-Authorization: Basic eA==',
      'Connection: close, x-hop',
      'X-Hop: 1',
      'X-Kept: 1',
      'X-Kept: 2',
    ];
    const answer = await exchangeBytes(bottle, head('GET', '/p/%2e%2F?q=secret', ...headers));
    expect(seen?.url).toBe('/p/%2e%2F?q=secret');
    expect(seen?.rawHeaders.slice(0, 6)).toEqual([
      'Host',
      `a.test:${origin.port}`,
      'X-Kept',
      '1',
      'X-Kept',
      '2',
    ]);
    expect(Object.keys(seen?.headers ?? {}).sort()).toEqual(['connection', 'host', 'x-kept']);
    expect(answer).toMatch(
      /^HTTP\/1.1 201 Created\r\nX-Answer: yes\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n/,
    );
    expect(answer).not.toContain('Proxy-Authenticate');
    expect(answer).toMatch(/\r\n\r\n4\r\ndone\r\n0\r\n\r\n$/);
    const log = await bottle.log(2);
    expect(log[1]).toMatchObject({
      event: 'closed',
      method: 'GET',
      path: '/p/%2e%2F',
      status: 201,
      received: 4,
      sent: 0,
    });
    expect(JSON.stringify(log)).not.toContain('secret');
  });

  it('keeps both connections for the next request', async () => {
    const { origin, bottle, head } = await rig((request, response) => {
      response.writeHead(200, { 'Content-Length': String(request.url?.length) }).end(request.url);
    });
    const socket = await bottle.dial();
    for (const path of ['/one', '/two', '/three']) {
      socket.write(head('GET', path));
      expect(await readUntil(socket, path)).toMatch(/^HTTP\/1.1 200 /);
    }
    expect(origin.connections()).toBe(1);
  });

  it('answers pipelined requests in their order', async () => {
    const { bottle, head } = await rig((request, response) => {
      setTimeout(() => response.end(`<${request.url}>`), request.url === '/1' ? 30 : 0);
    });
    const socket = await bottle.dial();
    socket.write(head('GET', '/1') + head('GET', '/2') + head('GET', '/3'));
    expect((await readUntil(socket, '</3>')).match(/<.*?>/g)).toEqual(['</1>', '</2>', '</3>']);
  });

  it('ends every one of pipelined requests when their client leaves', async () => {
    const { bottle, head } = await rig(() => {});
    const socket = await bottle.dial();
    socket.write(head('GET', '/1') + head('GET', '/2') + head('GET', '/3'));
    await bottle.log(3);
    socket.destroy();
    const ends = (await bottle.log(6)).slice(3);
    expect(ends.map(({ event, cut, path }) => `${event} ${cut} ${path}`).sort()).toEqual([
      'closed bottle /1',
      'closed bottle /2',
      'closed bottle /3',
    ]);
  });

  it('streams the answer as it comes: an event is there before the next one is made', async () => {
    let next: (() => void) | undefined;
    const { bottle, head } = await rig((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      next = () => response.write('data: 1\n\n');
    });
    const socket = await bottle.dial();
    socket.write(head('GET', '/events'));
    // Each is read before its successor exists: a proxy that buffers would wait here for ever.
    expect(await readUntil(socket, '\r\n\r\n')).toContain('text/event-stream');
    for (let event = 0; event < 3; event++) {
      next?.();
      expect(await readUntil(socket, '\n\n')).toContain('data: 1');
    }
    socket.destroy();
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', cut: 'bottle', received: 27 });
  });

  it('streams a body of unknown length to the origin as it comes', async () => {
    const chunks: string[] = [];
    const { bottle, head } = await rig((request, response) => {
      request.on('data', chunk => chunks.push(String(chunk)));
      request.on('end', () =>
        response.end(JSON.stringify([request.headers['transfer-encoding'], request.trailers])),
      );
    });
    const socket = await bottle.dial();
    socket.write(head('POST', '/', 'Transfer-Encoding: chunked', 'Connection: close'));
    for (const chunk of ['one', 'two']) {
      socket.write(`3\r\n${chunk}\r\n`);
      while (chunks.at(-1) !== chunk) await tick();
    }
    socket.write('0\r\nX-Sum: 6\r\n\r\n');
    expect(await readAll(socket)).toContain('["chunked",{"x-sum":"6"}]');
  });

  it('carries large bodies whole, both ways, and waits for the slower side', async () => {
    const { bottle, head } = await rig((request, response) => request.pipe(response));
    const socket = await bottle.dial();
    const size = 20_000_000;
    socket.write(head('POST', '/', `Content-Length: ${size}`, 'Connection: close'));
    const sent = socket.write(Buffer.alloc(size, 'x'));
    expect(sent).toBe(false);
    const answer = await readAll(socket);
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBeGreaterThanOrEqual(size);
    expect((await bottle.log(2))[1]).toMatchObject({ sent: size, received: size });
  });

  it('asks the origin whether to go on, and passes its answer on', async () => {
    const { bottle, head, origin } = await rig((request, response) => request.pipe(response));
    let asked = 0;
    origin.server.on('checkContinue', (request, response) => {
      asked++;
      if (request.url === '/no') response.writeHead(413).end();
      else {
        response.writeContinue();
        request.pipe(response);
      }
    });
    const socket = await bottle.dial();
    socket.write(head('POST', '/yes', 'Expect: 100-continue', 'Content-Length: 4'));
    expect(await readUntil(socket, '\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('body');
    expect(await readUntil(socket, '\r\n0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 [\s\S]*body/);
    socket.write(head('POST', '/no', 'Expect: 100-continue', 'Content-Length: 4'));
    expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1.1 413 /);
    expect(asked).toBe(2);
  });

  it('passes a redirect to the client, and judges what the client then asks for', async () => {
    const { bottle, head } = await rig((_request, response) => {
      response.writeHead(302, { Location: 'http://169.254.169.254/latest' }).end();
    });
    expect(await exchangeBytes(bottle, head('GET', '/', 'Connection: close'))).toContain(
      'Location: http://169.254',
    );
    const next =
      'GET http://169.254.169.254/latest HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close\r\n\r\n';
    expect(await exchangeBytes(bottle, next)).toMatch(/^HTTP\/1.1 403 /);
  });

  it('shows an answer that the origin cut short as cut short', async () => {
    const { bottle, head } = await rig((_request, response) => {
      response.writeHead(200, { 'Content-Length': '10' });
      response.write('half');
      setTimeout(() => response.destroy(), 20);
    });
    const socket = await bottle.dial();
    socket.write(head('GET', '/'));
    const answer = await readAll(socket).catch(() => 'reset');
    expect(answer.endsWith('half') || answer === 'reset').toBe(true);
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', cut: 'origin', received: 4 });
  });

  it('drops the request to the origin when the client leaves', async () => {
    let gone = false;
    const { bottle, head } = await rig(request => {
      request.socket.on('close', () => {
        gone = true;
      });
    });
    const socket = await bottle.dial();
    socket.write(head('GET', '/'));
    await bottle.log(1);
    socket.destroy();
    while (!gone) await tick();
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', cut: 'bottle' });
  });

  it('denies in words for people, and as JSON where that is preferred', async () => {
    const bottle = await startBottle({ allowlist: '127.0.0.1 ip' });
    const ask = (accept: string) =>
      exchangeBytes(
        bottle,
        `GET http://127.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`,
      );
    expect(await ask('*/*')).toMatch(
      /^HTTP\/1.1 403 [\s\S]*\nTo allow it, run on the host: bot-bottle allow test-abcde "127.0.0.1 ip private"\n$/,
    );
    const [, body = ''] = (await ask('application/json')).split('\r\n\r\n');
    expect(JSON.parse(body).error).toMatchObject({ rule: 'private-address', host: '127.0.0.1', path: '/' });
  });

  it('lets nothing out that it cannot record, and says so', async () => {
    let requests = 0;
    const { bottle, head, origin } = await rig((_request, response) => {
      requests++;
      response.end();
    });
    const mendLog = bottle.breakLog();
    const ask = () => exchangeBytes(bottle, head('GET', '/', 'Connection: close'));
    let answer = await ask();
    // A moment passes until the proxy looks whether its file is still there.
    while (answer.startsWith('HTTP/1.1 200 ')) answer = await ask();
    requests = 0;
    expect(answer).toMatch(/^HTTP\/1.1 503 [\s\S]*audit log/);
    expect(await ask()).toMatch(/^HTTP\/1.1 503 /);
    const tunnel = await exchangeBytes(bottle, `CONNECT a.test:${origin.port} HTTP/1.1\r\n\r\n\0`);
    expect(tunnel).toMatch(/^HTTP\/1.1 503 /);
    expect(requests).toBe(0);
    mendLog(); // what was let out before has an end to be recorded
  });

  it.each([
    ['a scheme that is not http', 'GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
    ['a request for the proxy itself', 'GET / HTTP/1.1\r\nHost: 127.0.0.1:3128\r\n\r\n', 400],
    ['user-info', 'GET http://a.test@b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
    ['no Host', 'GET http://a.test/ HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n', 400],
    ['another Host', 'GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n', 403],
    ['another port in Host', 'GET http://a.test/ HTTP/1.1\r\nHost: a.test:81\r\n\r\n', 403],
    [
      'a head that is too large',
      `GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
      400,
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 400],
  ])('refuses %s, and closes the connection', async (_what, bytes, status) => {
    const bottle = await startBottle({ allowlist: 'a.test private' });
    expect(await exchangeBytes(bottle, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const rule = status === 400 ? 'malformed' : 'host-mismatch';
    const host = status === 400 ? '' : 'a.test';
    expect(await bottle.log(1)).toEqual([expect.objectContaining({ event: 'denied', rule, host })]);
  });

  it('cuts a client that never finishes a head, and one that keeps a connection without use', async () => {
    const { bottle, head } = await rig((_request, response) => response.end('ok'), {
      limits: { headerMs: 100 },
    });
    const slow = await bottle.dial();
    slow.write(head('GET', '/', 'X: ').slice(0, -4));
    const drip = setInterval(() => slow.write('x'), 20);
    slow.on('error', () => {});
    expect(await readAll(slow).catch(() => '')).toBe('');
    clearInterval(drip);
    const idle = await bottle.dial();
    idle.write(head('GET', '/'));
    expect(await readAll(idle)).toMatch(/ok$/);
  });

  it('lets an exchange take longer than a head may', async () => {
    const { bottle, head } = await rig(
      (_request, response) => {
        response.write('a');
        setTimeout(() => response.end('b'), 200);
      },
      { limits: { headerMs: 50 } },
    );
    expect(await exchangeBytes(bottle, head('GET', '/', 'Connection: close'))).toMatch(/b\r\n0\r\n\r\n$/);
  });

  it('has no more connections from a bottle than it may', async () => {
    const { bottle, head } = await rig((_request, response) => response.end('ok'), {
      limits: { connections: 2 },
    });
    const held = [await bottle.dial(), await bottle.dial()];
    expect(await exchangeBytes(bottle, head('GET', '/'))).toMatch(/^HTTP\/1.1 503 [\s\S]*2 connections/);
    held[0]?.destroy();
    await tick();
    expect(await exchangeBytes(bottle, head('GET', '/', 'Connection: close'))).toMatch(/^HTTP\/1.1 200 /);
  });
});

describe('WebSocket', () => {
  const ask = (port: number) =>
    [
      `GET http://a.test:${port}/chat HTTP/1.1`,
      `Host: a.test:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      '',
      '',
    ].join('\r\n');

  const upgrading = (origin: TestOrigin) => {
    origin.server.on('upgrade', (request, socket: Socket, head: Buffer) => {
      socket.on('error', () => {}); // cut
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`);
      socket.write(`Sec-WebSocket-Accept: ${request.headers['sec-websocket-key']}\r\n\r\nhello`);
      socket.write(head);
      socket.pipe(socket);
    });
  };

  async function connected(): Promise<{ bottle: Bottle; socket: Socket }> {
    const { bottle, origin } = await rig(() => {});
    upgrading(origin);
    const socket = await bottle.dial();
    socket.write(ask(origin.port));
    const head = await readUntil(socket, '\r\n\r\n');
    expect(head).toMatch(
      /^HTTP\/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/,
    );
    expect(head).toContain('Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==');
    return { bottle, socket };
  }

  it('is a connection both ways once the origin agrees', async () => {
    const { bottle, socket } = await connected();
    expect(await readUntil(socket, 'hello')).toBe('hello');
    socket.write('ping');
    expect(await readUntil(socket, 'ping')).toBe('ping');
    socket.end();
    await once(socket, 'close');
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', status: 101, path: '/chat' });
  });

  it('is cut when it is no longer allowed', async () => {
    const { bottle, socket } = await connected();
    await readUntil(socket, 'hello');
    socket.on('error', () => {}).resume();
    await Promise.all([once(socket, 'close'), bottle.allow({ allowlist: [] })]);
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', cut: 'policy' });
  });

  it('fails where the origin switches protocols unasked', async () => {
    const origin = createServer(socket => {
      socket.on('error', () => {});
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      );
    }).listen(0, '127.0.0.1');
    await once(origin, 'listening');
    const { port } = origin.address() as AddressInfo;
    const bottle = await startBottle({ allowlist: `a.test:${port} private` });
    const request = `GET http://a.test:${port}/ HTTP/1.1\r\nHost: a.test:${port}\r\nConnection: close\r\n\r\n`;
    expect(await exchangeBytes(bottle, request)).toMatch(/^HTTP\/1.1 502 [\s\S]*switched protocols/);
    origin.close();
  });

  it('is an ordinary answer where the origin does not agree', async () => {
    const { bottle, origin } = await rig((_request, response) => response.writeHead(426).end('no'));
    expect(await exchangeBytes(bottle, ask(origin.port))).toMatch(/^HTTP\/1.1 426 [\s\S]*no/);
  });
});
