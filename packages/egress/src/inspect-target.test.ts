import { once } from 'node:events';
import {
  connect as connectHttp2,
  constants,
  type Http2ServerRequest,
  type ServerHttp2Stream,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import { closeBottles, readAll, readUntil } from '../test/bottle.js';
import { dialTls, HOST, inspectedBottle, startClient, type Version } from '../test/inspected.js';
import { closeOrigins, startOrigin, type TestOrigin } from '../test/origin.js';
import type { Context } from './context.js';
import { Inspector } from './inspect.js';

afterEach(async () => {
  await closeBottles();
  await closeOrigins();
});

const ok = () => startOrigin('h2', (request, response) => response.end(`${request.method} ${request.url}`));
const ROUTE = 'methods: [GET]\n    paths: [/v1/**]';

describe.each<Version>(['http/1.1', 'h2'])('a client that speaks %s', version => {
  it('is told what was denied and why, and its connection goes on', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const client = await startClient(bottle, origin.port, version);
    expect(await client.ask({ path: '/v1/x?secret=1' })).toMatchObject({ status: 200 });
    const headers = { accept: 'application/json' };
    const denied = await client.ask({ path: '/v2/x?secret=1', headers });
    expect(denied).toMatchObject({
      status: 403,
      headers: { 'proxy-status': 'bot-bottle; error=http_request_denied; details="not-routed"' },
    });
    expect(JSON.parse(denied.body).error).toMatchObject({
      rule: 'not-routed',
      host: HOST,
      method: 'GET',
      path: '/v2/x',
    });
    expect(await client.ask({ path: '/v1/x', method: 'POST', body: 'x' })).toMatchObject({ status: 403 });
    expect(await client.ask({ path: '/v1/y' })).toMatchObject({ status: 200 });
    client.close();
    const log = await bottle.log(6);
    expect(
      log.filter(({ event }) => event !== 'opened').map(({ event, path, rule }) => [event, path, rule]),
    ).toEqual([
      ['closed', '/v1/x', 'route'],
      ['denied', '/v2/x', 'not-routed'],
      ['denied', '/v1/x', 'not-routed'],
      ['closed', '/v1/y', 'route'],
    ]);
    expect(JSON.stringify(log)).not.toContain('secret');
  });

  it('cannot name another host inside of the connection', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const names = [
      'evil.test',
      `evil.test:${origin.port}`,
      HOST,
      `${HOST}:1`,
      `${HOST}.evil.test:${origin.port}`,
    ];
    for (const name of names) {
      const client = await startClient(bottle, origin.port, version);
      const headers = version === 'h2' ? { ':authority': name } : { host: name };
      const { status, body } = await client.ask({ path: '/v1/x', headers });
      expect([name, status, body.includes('host-mismatch')]).toEqual([name, 403, true]);
      client.close();
    }
    expect(origin.connections()).toBe(0);
  });

  it('is told that the origin cannot prove who it is', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE, { roots: [] });
    const client = await startClient(bottle, origin.port, version);
    const answer = await client.ask({ path: '/v1/x' });
    expect(answer).toMatchObject({
      status: 502,
      body: expect.stringMatching(/its TLS failed: .*certificate/),
    });
    client.close();
  });

  it('is cut off by a policy that no longer lets it do what it does', async () => {
    const origin = await startOrigin('h2', (_, response) => {
      response.writeHead(200);
      response.write('on and on');
    });
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const client = await startClient(bottle, origin.port, version);
    const cut = expect(client.ask({ path: '/v1/x' })).rejects.toThrow();
    while ((await bottle.log()).length < 1) await new Promise(setImmediate);
    await bottle.allow({ routes: `routes:\n  - host: ${HOST}:${origin.port}\n    paths: [/v3]\n` });
    await cut;
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', path: '/v1/x', cut: 'policy' });
  });

  it('resumes its TLS session', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const first = await dialTls(bottle, origin.port, version);
    const [session] = await once(first, 'session');
    first.destroy();
    const again = await dialTls(bottle, origin.port, version, { session });
    expect(again.isSessionReused()).toBe(true);
    again.destroy();
  });
});

describe('HTTP/2 in a connection', () => {
  it('may name its host twice, if it is the same', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const client = await startClient(bottle, origin.port, 'h2');
    const authority = `${HOST}:${origin.port}`;
    const both = (host: string) => client.ask({ path: '/v1/x', headers: { ':authority': authority, host } });
    expect(await both(authority)).toMatchObject({ status: 200 });
    expect(await both('evil.test')).toMatchObject({ status: 400 });
    client.close();
  });

  // What nghttp2 already takes for no HTTP/2 it answers by itself, on the stream.
  it.each<[string, Record<string, string>, number | string]>([
    ['another host with user-info', { ':authority': `x@${HOST}` }, 'ERR_HTTP2_STREAM_ERROR'],
    ['a scheme that is not that of the connection', { ':scheme': 'http' }, 400],
    ['a path in absolute form', { ':path': 'https://evil.test/v1/x' }, 'ERR_HTTP2_STREAM_ERROR'],
    ['a path that is none', { ':path': 'v1/x' }, 'ERR_HTTP2_STREAM_ERROR'],
    ['a path with a fragment', { ':path': '/v1/x#/../y' }, 400],
    ['a body and end before it', { ':path': '/v1/x', 'content-length': '5' }, 'ERR_HTTP2_STREAM_ERROR'],
  ])('cannot ask for %s', async (_, pseudo, expected) => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const client = await startClient(bottle, origin.port, 'h2');
    const outcome = await client.ask({ headers: pseudo }).then(
      ({ status }) => status,
      error => error.code,
    );
    expect([outcome, origin.connections()]).toEqual([expected, 0]);
    client.close();
  });

  it('cannot open a tunnel in the tunnel', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const connection = await dialTls(bottle, origin.port, 'h2');
    const session = connectHttp2(`https://${HOST}:${origin.port}`, { createConnection: () => connection });
    const stream = session.request({ ':method': 'CONNECT', ':authority': `${HOST}:${origin.port}` });
    const [headers] = await once(stream, 'response');
    expect([headers[':status'], origin.connections()]).toEqual([400, 0]);
    session.destroy();
  });

  it('has its cookies sent in one header, as every origin reads them', async () => {
    const origin = await startOrigin('https', (request, response) =>
      response.end(String(request.rawHeaders)),
    );
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const client = await startClient(bottle, origin.port, 'h2');
    const { body } = await client.ask({ path: '/v1/x', headers: { cookie: ['a=1', 'b=2'] } });
    expect(body).toContain('cookie,a=1; b=2');
    client.close();
  });

  it('keeps an answer that is nothing but its head such, as gRPC has it', async () => {
    const origin = await startOrigin('h2', (request, response) => {
      const { stream } = request as unknown as Http2ServerRequest;
      if (request.url === '/v1/whole') response.end();
      else (stream as ServerHttp2Stream).respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true });
    });
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const connection = await dialTls(bottle, origin.port, 'h2');
    const session = connectHttp2(`https://${HOST}:${origin.port}`, { createConnection: () => connection });
    const stream = session.request({ ':path': '/v1/error' });
    const [headers, flags] = await once(stream, 'response');
    expect(headers['grpc-status']).toBe('5');
    expect(flags & constants.NGHTTP2_FLAG_END_STREAM).not.toBe(0);
    session.destroy();
  });
});

describe('HTTP/1.1 in a connection', () => {
  async function rawAnswer(origin: TestOrigin, bytes: string): Promise<string> {
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const connection = await dialTls(bottle, origin.port, 'http/1.1');
    connection.write(bytes);
    return readAll(connection);
  }

  it('carries WebSocket both ways, and what was sent with the request', async () => {
    const origin = await startOrigin('https', () => {});
    origin.server.on('upgrade', (request, socket, head) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Key: ${request.headers['sec-websocket-key']}\r\n\r\nhello:`,
      );
      socket.write(head);
      socket.pipe(socket);
    });
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const socket = await dialTls(bottle, origin.port, 'http/1.1');
    const head = `GET /v1/ws HTTP/1.1\r\nHost: ${HOST}:${origin.port}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: abc\r\n\r\n`;
    socket.write(`${head}early`);
    expect(await readUntil(socket, 'hello:early')).toContain('\r\nX-Key: abc\r\n');
    socket.write('later');
    expect(await readUntil(socket, 'later')).toBe('later');
    socket.end();
    expect(await text(socket)).toBe('');
    expect((await bottle.log(2))[1]).toMatchObject({ event: 'closed', status: 101, path: '/v1/ws' });
  });

  it('cannot open a tunnel in the tunnel', async () => {
    const answer = await rawAnswer(
      await ok(),
      `CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('a connection that is to be inspected', () => {
  it('ends when its TLS is broken, or stops half-way', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE, { limits: { headerMs: 300 } });
    for (const bytes of [Buffer.from('160301000501000001ff', 'hex'), Buffer.from('1603010100', 'hex')]) {
      const socket = await bottle.dial();
      socket.write(`CONNECT ${HOST}:${origin.port} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      await readUntil(socket, '\r\n\r\n');
      socket.write(bytes);
      socket.resume();
      await once(socket, 'close');
    }
    expect(origin.connections()).toBe(0);
  });

  it('ends when its TLS is done and nothing is asked for', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE, { limits: { headerMs: 300 } });
    for (const version of ['http/1.1', 'h2'] as const) {
      const socket = await dialTls(bottle, origin.port, version);
      socket.resume();
      await once(socket, 'close');
    }
  });

  it('is refused where the client offers neither version of HTTP', async () => {
    const origin = await ok();
    const bottle = await inspectedBottle(origin.port, ROUTE);
    const smtp = dialTls(bottle, origin.port, 'h2', { ALPNProtocols: ['smtp'] });
    await expect(smtp).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
  });
});

it('an inspector keeps what it has made for the 256 targets used last, until it is to be renewed', () => {
  const issued: string[] = [];
  let now = 0;
  const authority = {
    certificate: '',
    issue: (host: string) => {
      issued.push(host);
      return { cert: '', key: '', renewAt: now + 1000 };
    },
  };
  const inspector = new Inspector(authority, { limits: { headerMs: 1 } } as Context, () => now);
  const use = (host: string) => {
    inspector.serverFor({ host, port: 443 });
    return issued.splice(0);
  };
  expect([use('first.test'), use('first.test')]).toEqual([['first.test'], []]);
  for (let count = 0; count < 255; count += 1) use(`${count}.test`);
  expect(use('first.test')).toEqual([]);
  use('one-more.test');
  expect([use('first.test'), use('0.test')]).toEqual([[], ['0.test']]);
  now = 1000;
  expect(use('first.test')).toEqual(['first.test']);
});
