import { constants, type Http2ServerRequest } from 'node:http2';
import { PassThrough, type Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { closeOrigins, type Handler, originAuthority, startOrigin } from '../test/origin.js';
import type { OriginRequest, OriginResponse } from './origin-call.js';
import { OriginHttp } from './origin-http.js';
import { OriginTls } from './origin-tls.js';
import { fromPem } from './tls/pem.js';

const lookup = async () => [{ address: '127.0.0.1', family: 4 }];
let origins: OriginHttp;

async function open(trusted = true): Promise<OriginHttp> {
  const roots = trusted ? fromPem((await originAuthority()).certificate) : [];
  return new OriginHttp({
    lookup,
    connectMs: 5000,
    tls: new OriginTls({ roots: () => roots, handshakeMs: 5000 }),
  });
}

beforeEach(async () => {
  origins = await open();
});
afterEach(async () => {
  origins.retire();
  await closeOrigins();
});

interface Answer {
  response: OriginResponse;
  interim: [number, readonly string[]][];
}

/** Sends a request; `write` has its body. */
function ask(
  port: number,
  some: Partial<OriginRequest> = {},
  write?: (body: Writable) => void,
): Promise<Answer> {
  const { target = { scheme: 'https', host: 'origin.test', port } as const } = some;
  const interim: Answer['interim'] = [];
  return new Promise((resolve, reject) => {
    const request: OriginRequest = {
      target,
      reach: { private: true },
      method: 'GET',
      path: '/',
      headers: ['Host', `${target.host}:${port}`],
      hasBody: write !== undefined,
      upgrade: false,
      signal: new AbortController().signal,
      ...some,
    };
    const events = {
      connected: () => {},
      information: (status: number, headers: readonly string[]) => interim.push([status, headers]),
      response: (response: OriginResponse) => resolve({ response, interim }),
      upgraded: () => reject(new Error('upgraded')),
      failed: reject,
    };
    origins.open(request, events).then(({ body }) => body && write?.(body), reject);
  });
}

const echo: Handler = (request, response) => {
  response.writeHead(200, {
    'x-version': request.httpVersion,
    'x-host': request.headers.host ?? request.headers[':authority'] ?? '',
  });
  request.pipe(response as Writable);
};

describe.each([
  ['https', '1.1'],
  ['h2', '2.0'],
] as const)('OriginHttp, to an origin that speaks %s', (speaks, version) => {
  it('uses the newest version that the origin offers, over one connection', async () => {
    const origin = await startOrigin(speaks, echo);
    for (let count = 0; count < 5; count += 1) {
      const { response } = await ask(origin.port);
      expect(response.headers).toContain(version);
      await text(response.body);
    }
    expect(origin.connections()).toBe(1);
  });

  it('passes a body of known or unknown length both ways, whole', async () => {
    const origin = await startOrigin(speaks, echo);
    const body = Buffer.alloc(3_000_000, 'abcdefg');
    for (const length of [[], ['Content-Length', String(body.length)]]) {
      const headers = ['Host', `origin.test:${origin.port}`, ...length];
      const { response } = await ask(origin.port, { method: 'POST', headers }, stream => stream.end(body));
      expect((await buffer(response.body)).equals(body)).toBe(true);
    }
  });

  it('says the host as it was asked for, and repeats what came more than once', async () => {
    const origin = await startOrigin(speaks, (request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(`${request.headers.host ?? request.headers[':authority']} ${request.headers.cookie}`);
    });
    const headers = ['Host', `ORIGIN.test:${origin.port}`, 'Cookie', 'x=1', 'Cookie', 'y=2'];
    const { response } = await ask(origin.port, { headers });
    expect(await text(response.body)).toBe(`ORIGIN.test:${origin.port} x=1; y=2`);
    expect(response.headers.filter(value => /^[ab]=/.test(value))).toEqual(['a=1', 'b=2']);
  });

  it('passes early hints on before the answer, and trailers after it', async () => {
    const origin = await startOrigin(speaks, (request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      request.resume().on('end', () => {
        response.writeHead(200, version === '1.1' ? { trailer: 'grpc-status' } : {});
        response.write('body');
        response.addTrailers({ 'grpc-status': `0 ${request.trailers['x-sum']}` });
        response.end();
      });
    });
    const answer = await new Promise<Answer>((resolve, reject) => {
      const interim: Answer['interim'] = [];
      const events = {
        connected: () => {},
        information: (status: number, headers: readonly string[]) => interim.push([status, headers]),
        response: (response: OriginResponse) => resolve({ response, interim }),
        upgraded: reject,
        failed: reject,
      };
      const target = { scheme: 'https', host: 'origin.test', port: origin.port } as const;
      const headers = ['Host', 'origin.test', 'Trailer', 'x-sum'];
      const { signal } = new AbortController();
      const request = { target, reach: { private: true }, method: 'POST', path: '/', headers, hasBody: true };
      origins.open({ ...request, upgrade: false, signal }, events).then(call => {
        call.body?.write('request');
        call.setTrailers(['x-sum', '42']);
        call.body?.end();
      }, reject);
    });
    expect(await text(answer.response.body)).toBe('body');
    expect(answer.response.trailers()).toEqual(['grpc-status', '0 42']);
    expect(
      answer.interim.map(([status, headers]) => [status, headers.map(text => text.toLowerCase())]),
    ).toEqual([[103, ['link', '</a.css>; rel=preload']]]);
  });

  it('does not wait for the end of a body to pass its beginning on', async () => {
    const origin = await startOrigin(speaks, echo);
    let body: Writable | undefined;
    const { response } = await ask(origin.port, { method: 'POST' }, stream => {
      body = stream;
      stream.write('first');
    });
    const first = await new Promise(resolve => response.body.once('data', resolve));
    expect(String(first)).toBe('first');
    body?.end();
  });

  it('makes one connection for many first requests at once, where the version lets them share it', async () => {
    const origin = await startOrigin(speaks, echo);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(origin.port)));
    await Promise.all(answers.map(({ response }) => text(response.body)));
    if (speaks === 'h2') expect(origin.connections()).toBe(1);
    else expect(origin.connections()).toBeLessThanOrEqual(20);
  });

  it('asks again, without a word, where a kept connection is closed in the moment of the request', async () => {
    const origin = await startOrigin(speaks, echo);
    await text((await ask(origin.port)).response.body);
    // Synchronously: the request is written before the end of the connection is read.
    origin.drop();
    const { response } = await ask(origin.port);
    expect(await text(response.body)).toBe('');
  });

  it('says so where the origin ends the connection before it answers', async () => {
    const origin = await startOrigin(speaks, request => request.socket.destroy());
    await expect(ask(origin.port, { method: 'POST' }, body => body.end('x'))).rejects.toMatchObject({
      code: 'origin-unreachable',
    });
  });

  it('tells a body that was cut from one that has come to its end', async () => {
    const origin = await startOrigin(speaks, (request, response) => {
      response.writeHead(200);
      response.write('part', () => {
        if (request.url === '/whole') response.end();
        else setImmediate(() => origin.drop());
      });
    });
    const isWhole = ({ response }: Answer) => text(response.body).then(response.isWhole, () => false);
    expect(await isWhole(await ask(origin.port, { path: '/whole' }))).toBe(true);
    expect(await isWhole(await ask(origin.port, { path: '/cut' }))).toBe(false);
  });

  if (speaks === 'h2') {
    it('takes a stream that the origin resets as cut, which Node ends as if it were whole', async () => {
      const origin = await startOrigin(speaks, (request, response) => {
        response.writeHead(200);
        const { stream } = request as unknown as Http2ServerRequest;
        response.write('part', () => setImmediate(() => stream.close(constants.NGHTTP2_CANCEL)));
      });
      const { response } = await ask(origin.port);
      expect(await text(response.body)).toBe('part');
      expect(response.isWhole()).toBe(false);
    });
  }

  it('ends what its signal ends', async () => {
    const origin = await startOrigin(speaks, (_, response) => {
      response.writeHead(200);
      response.write('part');
    });
    const controller = new AbortController();
    const { response } = await ask(origin.port, { signal: controller.signal });
    controller.abort();
    await expect(text(response.body)).rejects.toThrow();
  });

  it('keeps no connection once it is retired, and lets what is under way end', async () => {
    const origin = await startOrigin(speaks, (_, response) => {
      response.writeHead(200);
      response.write('one ');
      setTimeout(() => response.end('two'), 50);
    });
    const { response } = await ask(origin.port);
    origins.retire();
    expect(await text(response.body)).toBe('one two');
    await text((await ask(origin.port)).response.body);
    expect(origin.connections()).toBe(2);
  });

  it.each([
    ['is used once', false],
    ['nobody wants any more', true],
  ])('lets a connection go that was being made when it was retired, and %s', async (_what, givenUp) => {
    const origin = await startOrigin(speaks, echo);
    const controller = new AbortController();
    const closed = new Promise<void>(resolve => {
      origin.server.once('connection', socket => socket.once('close', resolve));
    });
    const answer = ask(origin.port, { signal: controller.signal });
    const connected = new Promise<void>(resolve => origin.server.once('secureConnection', resolve));
    origins.retire();
    if (givenUp) {
      await connected;
      controller.abort(new Error('given up'));
      await answer.catch(() => {});
    } else await text((await answer).response.body);
    await closed;
    expect(origin.connections()).toBeGreaterThan(0);
  });

  it.each([
    [
      'a certificate of an unknown authority',
      'origin.test',
      false,
      /unable to verify|self-signed|unable to get/,
    ],
    [
      'a certificate of another host',
      '127.0.0.1',
      true,
      /does not match|altnames|handshake|socket|closed|alert/,
    ],
  ])('refuses %s', async (_, host, trusted, message) => {
    origins = await open(trusted);
    const origin = await startOrigin(speaks, echo);
    const refused = ask(origin.port, { target: { scheme: 'https', host, port: origin.port } });
    await expect(refused).rejects.toMatchObject({
      code: 'origin-unreachable',
      message: expect.stringMatching(message),
    });
  });
});

describe('OriginHttp', () => {
  it('announces no body where none follows: what comes next on the connection would be read as one', async () => {
    const origin = await startOrigin('https', echo);
    const headers = ['Host', 'origin.test', 'Content-Length', '5'];
    await text((await ask(origin.port, { headers, method: 'POST' })).response.body);
    const { response } = await ask(origin.port, { method: 'PUT' }, body => body.end('next!'));
    expect([await text(response.body), origin.connections()]).toEqual(['next!', 1]);
  });

  it('opens another HTTP/2 connection when the first takes no more streams', async () => {
    const waiting: (() => void)[] = [];
    const origin = await startOrigin('h2', (_, response) => {
      response.writeHead(200);
      response.write('x');
      waiting.push(() => response.end());
    });
    origin.server.on('session', session => session.settings({ maxConcurrentStreams: 2 }));
    const answers: Answer[] = [];
    for (let count = 0; count < 5; count += 1) answers.push(await ask(origin.port));
    expect(origin.connections()).toBe(3);
    for (const end of waiting) end();
    // Node's async iterator takes a stream that HTTP/2 has closed, and that is still to be read, for one that was cut.
    for (const { response } of answers) expect(await text(response.body.pipe(new PassThrough()))).toBe('x');
  });

  it('goes to the address that it is given, and never where it may not', async () => {
    const origin = await startOrigin('http', echo);
    const target = { scheme: 'http', host: 'origin.test', port: origin.port } as const;
    await text((await ask(origin.port, { target })).response.body);
    await expect(
      ask(origin.port, { target: { ...target, host: 'x.test' }, reach: { private: false } }),
    ).rejects.toMatchObject({
      rule: 'private-address',
    });
  });
});
