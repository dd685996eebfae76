import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { closeOrigins, originAuthority } from '../test/origin.js';
import type { OriginRequest } from './origin-call.js';
import { OriginHttp } from './origin-http.js';
import { OriginTls } from './origin-tls.js';
import { fromPem } from './tls/pem.js';

const PREFACE_BYTES = 24;
const FRAME_HEADER_BYTES = 9;
const HEADERS = 1;

/** A frame (RFC 9113, section 4.1). */
function frame(type: number, flags: number, stream: number, payload: readonly number[] = []): Buffer {
  return Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]);
}

const settings = () => frame(4, 0, 0);
/** Its head and its end: `:status 200` is the eighth of the static table. */
const ok = (stream: number) => frame(HEADERS, 5, stream, [0x88]);
const INTERNAL_ERROR = [0, 0, 0, 2];
const reset = (stream: number) => frame(3, 0, stream, INTERNAL_ERROR);
const goAway = () => frame(7, 0, 0, [0, 0, 0, 0, ...INTERNAL_ERROR]);
/** A PING has eight bytes. */
const garbage = () => frame(6, 0, 0, [0]);

type Reply = (request: number, stream: number) => Buffer;

interface RawOrigin {
  readonly port: number;
  /** Requests that it has seen. */
  readonly requests: () => number;
  readonly connections: () => number;
}

const servers: Server[] = [];
const sockets = new Set<TLSSocket>();

/** Speaks as much HTTP/2 as it takes to break its rules; `reply` is asked for each request of a connection, from 1. */
async function startRawOrigin(reply: Reply): Promise<RawOrigin> {
  const authority = await originAuthority();
  let requests = 0;
  let connections = 0;
  const server = createServer({ ...authority.issue('origin.test'), ALPNProtocols: ['h2'] }, socket => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write(settings());
    let received = Buffer.alloc(0);
    let at = PREFACE_BYTES;
    let ofConnection = 0;
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= at + FRAME_HEADER_BYTES) {
        const end = at + FRAME_HEADER_BYTES + received.readUIntBE(at, 3);
        if (received.length < end) return;
        if (received[at + 3] === HEADERS) {
          requests += 1;
          ofConnection += 1;
          socket.write(reply(ofConnection, received.readUInt32BE(at + 5)));
        }
        at = end;
      }
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests: () => requests,
    connections: () => connections,
  };
}

let origins: OriginHttp;
/** How often a request was about to be sent. */
let attempts = 0;

beforeEach(async () => {
  const roots = fromPem((await originAuthority()).certificate);
  attempts = 0;
  origins = new OriginHttp({
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    connectMs: 5000,
    tls: new OriginTls({ roots: () => roots, handshakeMs: 5000 }),
  });
});
afterEach(async () => {
  origins.retire();
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
  await closeOrigins();
});

/** The status of the answer. */
function ask({ port }: RawOrigin, signal = new AbortController().signal): Promise<number> {
  const request: OriginRequest = {
    target: { scheme: 'https', host: 'origin.test', port },
    reach: { private: true },
    method: 'GET',
    path: '/',
    headers: ['Host', 'origin.test'],
    hasBody: false,
    upgrade: false,
    signal,
  };
  return new Promise((resolve, reject) => {
    const events = {
      connected: () => {
        attempts += 1;
        if (attempts > 100) throw new Error('asked without an end');
      },
      information: () => {},
      response: ({ status, body }: { status: number; body: NodeJS.ReadableStream }) => {
        body.resume();
        resolve(status);
      },
      upgraded: () => reject(new Error('upgraded')),
      failed: reject,
    };
    origins.open(request, events).catch(reject);
  });
}

it.each([
  ['breaks the protocol', garbage],
  ['goes away with an error', goAway],
])('asks again over another connection where a kept one %s', async (_, end) => {
  const origin = await startRawOrigin((request, stream) => (request === 1 ? ok(stream) : end()));
  expect(await ask(origin)).toBe(200);
  // A session that has failed is not closed, and would take requests that fail before anything else happens: for ever.
  expect(await ask(origin)).toBe(200);
  expect([origin.connections(), attempts]).toEqual([2, 3]);
});

it('does not ask again what the origin refuses on a connection that goes on', async () => {
  const origin = await startRawOrigin((request, stream) => (request === 1 ? ok(stream) : reset(stream)));
  expect(await ask(origin)).toBe(200);
  await expect(ask(origin)).rejects.toMatchObject({ code: 'origin-unreachable' });
  expect([origin.connections(), origin.requests()]).toEqual([1, 2]);
});

it('connects for those who still wait where the first one gives up', async () => {
  const origin = await startRawOrigin((_, stream) => ok(stream));
  const first = new AbortController();
  const givenUp = ask(origin, first.signal);
  const waiting = ask(origin);
  first.abort(new Error('given up'));
  await expect(givenUp).rejects.toThrow('given up');
  expect(await waiting).toBe(200);
});

it('sends nothing for one that gave up while another made the connection', async () => {
  const origin = await startRawOrigin((_, stream) => ok(stream));
  const second = new AbortController();
  const waiting = ask(origin);
  const givenUp = ask(origin, second.signal);
  second.abort(new Error('given up'));
  await expect(givenUp).rejects.toThrow('given up');
  expect(await waiting).toBe(200);
  expect([origin.requests(), attempts]).toEqual([1, 1]);
});
