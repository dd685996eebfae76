import { once } from 'node:events';
import { connect as connectHttp2, type Settings } from 'node:http2';
import { setTimeout as wait } from 'node:timers/promises';
import { closeBottles } from '../test/bottle.js';
import { dialTls, HOST, inspectedBottle, startClient, type Version } from '../test/inspected.js';
import { closeOrigins, type Handler, startOrigin } from '../test/origin.js';

afterEach(async () => {
  await closeBottles();
  await closeOrigins();
});

const echo: Handler = (request, response) => {
  response.setHeader('x-version', request.httpVersion);
  request.pipe(response);
};

describe.each<[Version, 'https' | 'h2']>([
  ['http/1.1', 'https'],
  ['http/1.1', 'h2'],
  ['h2', 'https'],
  ['h2', 'h2'],
])('a client that speaks %s, with an origin that speaks %s', (version, speaks) => {
  it('has its requests served over one connection, bodies and all', async () => {
    const origin = await startOrigin(speaks, echo);
    const client = await startClient(await inspectedBottle(origin.port), origin.port, version);
    for (const body of ['first', 'x'.repeat(500_000)]) {
      const answer = await client.ask({ method: 'POST', path: '/a?b=c', body });
      expect([answer.status, answer.body]).toEqual([200, body]);
      expect(answer.headers['x-version']).toBe(speaks === 'h2' ? '2.0' : '1.1');
    }
    client.close();
    expect(origin.connections()).toBe(1);
  });

  it('has the whole of a request passed on, but what is for the proxy alone', async () => {
    const origin = await startOrigin(speaks, (request, response) => {
      const { host, ':authority': authority, cookie, te: _, ...headers } = request.headers;
      const { connection: __, ...rest } = Object.fromEntries(
        Object.entries(headers).filter(([name]) => !name.startsWith(':')),
      );
      response.end(JSON.stringify([request.method, request.url, host ?? authority, cookie, rest]));
    });
    const client = await startClient(await inspectedBottle(origin.port), origin.port, version);
    const headers = { 'x-one': '1', cookie: 'a=1; b=2', accept: 'x/y', 'proxy-authorization': 'Basic eDp5' };
    const { body } = await client.ask({ path: '/%41/b?c=%2F', headers });
    expect(JSON.parse(body)).toEqual([
      'GET',
      '/%41/b?c=%2F',
      `${HOST}:${origin.port}`,
      'a=1; b=2',
      { 'x-one': '1', accept: 'x/y' },
    ]);
  });

  it('gets early hints, repeated headers and trailers', async () => {
    const origin = await startOrigin(speaks, (_, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.writeHead(200, { 'x-a': 'y', ...(speaks === 'https' && { trailer: 'x-sum' }) });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    });
    const client = await startClient(await inspectedBottle(origin.port), origin.port, version);
    const answer = await client.ask();
    expect(answer).toMatchObject({
      status: 200,
      body: 'body',
      headers: { 'x-a': 'y', 'set-cookie': ['a=1', 'b=2'] },
    });
    expect(answer.trailers).toMatchObject({ 'x-sum': '42' });
    expect(answer.hints).toMatchObject([[103, { link: '</a.css>; rel=preload' }]]);
  });

  it('gets the head and each event of a stream when it comes, not when it ends', async () => {
    let send = (_: string) => {};
    const origin = await startOrigin(speaks, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      send = event => response.write(event);
    });
    const bottle = await inspectedBottle(origin.port);
    const socket = await dialTls(bottle, origin.port, version);
    const seen: string[] = [];
    const arrived = (what: string) =>
      new Promise<void>(resolve => {
        const check = () => (seen.join('').includes(what) ? resolve() : setImmediate(check));
        check();
      });
    if (version === 'h2') {
      const session = connectHttp2(`https://${HOST}:${origin.port}`, { createConnection: () => socket });
      const stream = session.request();
      stream.on('response', () => seen.push('head'));
      stream.on('data', chunk => seen.push(String(chunk)));
    } else {
      socket.on('data', chunk => seen.push(String(chunk).replace(/^HTTP[\s\S]*?\r\n\r\n/, 'head')));
      socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}:${origin.port}\r\n\r\n`);
    }
    await arrived('head');
    send('data: 1\n\n');
    await arrived('data: 1\n\n');
    send('data: 2\n\n');
    await arrived('data: 2\n\n');
    socket.destroy();
  });

  it('never takes an answer for whole that the origin cut', async () => {
    const origin = await startOrigin(speaks, (_, response) => {
      response.writeHead(200);
      response.write('part', () => setImmediate(() => origin.drop()));
    });
    const bottle = await inspectedBottle(origin.port);
    const client = await startClient(bottle, origin.port, version);
    await expect(client.ask()).rejects.toThrow();
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', status: 200, cut: 'origin' });
  });

  it('never has a body taken for whole that it cut itself', async () => {
    const whole: boolean[] = [];
    const origin = await startOrigin(speaks, (request, response) => {
      request.on('data', () => response.writeHead(200));
      request.on('data', () => response.write('x'));
      request.once('end', () => whole.push(true));
      request.once('close', () => whole.push(false));
      request.on('error', () => {});
    });
    const bottle = await inspectedBottle(origin.port);
    const socket = await dialTls(bottle, origin.port, version);
    if (version === 'h2') {
      const session = connectHttp2(`https://${HOST}:${origin.port}`, { createConnection: () => socket });
      const stream = session.request({ ':method': 'POST' });
      stream.write('part');
      await once(stream, 'response');
    } else {
      socket.write(
        `POST / HTTP/1.1\r\nHost: ${HOST}:${origin.port}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n`,
      );
      await once(socket, 'data');
    }
    socket.destroy();
    while (whole.length === 0) await wait(5);
    expect(whole[0]).toBe(false);
    socket.destroy();
  });

  it('is held back where it sends faster than the origin takes, and the origin where it sends faster than it reads', async () => {
    let written = 0;
    let request: Parameters<Handler>[0] | undefined;
    const chunk = Buffer.alloc(64 * 1024);
    const origin = await startOrigin(speaks, (incoming, response) => {
      request = incoming;
      if (incoming.method === 'POST') return;
      const more = () => {
        while (written < 256 << 20) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
      };
      response.writeHead(200);
      more();
    });
    const bottle = await inspectedBottle(origin.port);
    const reading = await dialTls(bottle, origin.port, version);
    const writing = await dialTls(bottle, origin.port, version);
    let sent = 0;
    let write: (chunk: Buffer) => boolean;
    if (version === 'h2') {
      const session = connectHttp2(`https://${HOST}:${origin.port}`, { createConnection: () => reading });
      session.request().on('response', () => {});
      const upload = connectHttp2(`https://${HOST}:${origin.port}`, { createConnection: () => writing });
      const stream = upload.request({ ':method': 'POST' });
      write = data => stream.write(data);
    } else {
      reading.pause().write(`GET / HTTP/1.1\r\nHost: ${HOST}:${origin.port}\r\n\r\n`);
      writing.write(`POST / HTTP/1.1\r\nHost: ${HOST}:${origin.port}\r\nContent-Length: ${1 << 30}\r\n\r\n`);
      write = data => writing.write(data);
    }
    // Until neither has got any further for a while.
    for (let last = -1; last !== written + sent || !request; await wait(100)) {
      last = written + sent;
      while (write(chunk) && sent < 256 << 20) sent += chunk.length;
    }
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(64 << 20);
    expect(sent).toBeLessThan(64 << 20);
    reading.destroy();
    writing.destroy();
  });
});

it('lets few connections send far ahead of a slow origin, for the proxy holds what they send', async () => {
  const origin = await startOrigin('https', echo);
  const bottle = await inspectedBottle(origin.port);
  const window = async () => {
    const connection = await dialTls(bottle, origin.port, 'h2');
    const session = connectHttp2(`https://${HOST}:${origin.port}`, { createConnection: () => connection });
    const [settings] = (await once(session, 'remoteSettings')) as [Settings];
    return { session, bytes: settings.initialWindowSize };
  };
  const windows = [];
  for (let count = 0; count < 20; count += 1) windows.push(await window());
  const ahead = windows.filter(({ bytes }) => bytes === 1 << 20);
  expect(ahead).toHaveLength(16);
  expect(windows.filter(({ bytes }) => bytes === 65_535)).toHaveLength(4);
  const [first] = ahead;
  first?.session.destroy();
  // Once the proxy has seen it go, there is room for another.
  let next = await window();
  while (next.bytes !== 1 << 20) next = await window();
});
