import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { closeBottles, readUntil, startBottle, tick } from '../test/bottle.js';

const servers: Server[] = [];
afterEach(async () => {
  await closeBottles();
  for (const server of servers.splice(0)) server.close();
});

const CHUNKS = Array.from({ length: 400 }, (_, index) => Buffer.alloc(1 + index * 97, index));
const DIGEST = createHash('sha256').update(Buffer.concat(CHUNKS)).digest('hex');

/** An origin that sends chunks of all sizes, and ends. */
async function origin(): Promise<{ port: number; paused: () => boolean }> {
  let sender: Socket | undefined;
  const server = createServer(socket => {
    sender = socket.on('error', () => {});
    Readable.from(CHUNKS).pipe(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, paused: () => (sender?.writableLength ?? 0) > 0 };
}

const connectTo = (port: number) => `CONNECT a.test:${port} HTTP/1.1\r\n\r\n\0`;

async function digestOf(stream: AsyncIterable<Buffer>, pause: () => Promise<void>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) {
    hash.update(chunk);
    await pause();
  }
  return hash.digest('hex');
}

it('hands every byte on once and in order, to a client that reads fast', async () => {
  const { port } = await origin();
  const bottle = await startBottle({ allowlist: `a.test:${port} private` });
  const socket = await bottle.dial();
  socket.write(connectTo(port));
  await readUntil(socket, '\r\n\r\n');
  expect(await digestOf(socket, async () => {})).toBe(DIGEST);
});

it('waits for a client that reads slowly, and keeps nothing for it', async () => {
  const { port, paused } = await origin();
  const bottle = await startBottle({ allowlist: `a.test:${port} private` });
  const socket = await bottle.dial();
  socket.write(connectTo(port));
  await readUntil(socket, '\r\n\r\n');
  while (!paused()) await tick(); // the whole way is full, back to the origin
  expect(await digestOf(socket, async () => new Promise(setImmediate))).toBe(DIGEST);
});

it('gives a stream that is no socket bytes of its own', async () => {
  const { port } = await origin();
  const bottle = await startBottle({ allowlist: `a.test:${port} private` });
  const [fromBottle, toBottle] = [new PassThrough(), new PassThrough({ highWaterMark: 1 << 24 })];
  bottle.egress.serve(Duplex.from({ readable: fromBottle, writable: toBottle }));
  fromBottle.write(connectTo(port));
  // All is there before anything is read: a buffer that is used again would have been written over.
  while (toBottle.readableLength < 7_000_000) await tick();
  await tick();
  const hash = createHash('sha256');
  const all: Buffer = toBottle.read();
  hash.update(all.subarray(all.indexOf('\r\n\r\n') + 4));
  for (let rest = toBottle.read(); rest !== null; rest = toBottle.read()) hash.update(rest);
  expect(hash.digest('hex')).toBe(DIGEST);
  fromBottle.end();
});
