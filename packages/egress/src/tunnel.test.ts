import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Bottle, closeBottles, readAll, readUntil, startBottle, tick } from '../test/bottle.js';
import { closeOrigins, originAuthority, startOrigin } from '../test/origin.js';

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  await closeBottles();
  await closeOrigins();
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
});

/** A server that does this with each connection. */
async function serve(
  onConnection: (socket: Socket) => void,
): Promise<{ port: number; connections: Set<Socket> }> {
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket);
    connections.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => connections.delete(socket));
    onConnection(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, connections };
}

async function tunnelTo(bottle: Bottle, authority: string): Promise<Socket> {
  const socket = await bottle.dial();
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  expect(await readUntil(socket, '\r\n\r\n')).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
  return socket;
}

const echo = (socket: Socket) => socket.pipe(socket);

/** The answer to a TLS request through a tunnel, or the error that the client saw. */
async function overTls(socket: Socket, servername: string): Promise<string> {
  const ca = (await originAuthority()).certificate;
  const secure = connectTls({ socket, servername, ca, checkServerIdentity: () => undefined });
  return new Promise(resolve => {
    secure.on('error', error => resolve(error.message));
    secure.once('secureConnect', () => {
      secure.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
      readAll(secure).then(resolve, error => resolve(String(error)));
    });
  });
}

describe('CONNECT', () => {
  it('carries TLS untouched where its server name is the host', async () => {
    const origin = await startOrigin('https', (_request, response) => response.end('hello'));
    const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` });
    const answer = await overTls(await tunnelTo(bottle, `A.TEST.:${origin.port}`), 'a.test');
    expect(answer).toMatch(/^HTTP\/1.1 200 OK[\s\S]*hello$/);
    const log = await bottle.log(2);
    expect(log).toEqual([
      expect.objectContaining({ event: 'opened', method: 'CONNECT', host: 'a.test', address: '127.0.0.1' }),
      expect.objectContaining({ event: 'closed', rule: 'allowlist', entry: `a.test:${origin.port} private` }),
    ]);
    expect(log[1]?.id).toBe(log[0]?.id);
    expect(log[1]?.sent).toBeGreaterThan(200);
    expect(log[1]?.received).toBeGreaterThan(500);
    expect(log[1]).not.toHaveProperty('path');
  });

  it('refuses TLS for another server name with an alert that the client can show', async () => {
    const origin = await startOrigin('https', (_request, response) => response.end('hello'));
    const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` });
    const answer = await overTls(await tunnelTo(bottle, `a.test:${origin.port}`), 'b.test');
    expect(answer).toMatch(/alert access denied/i);
    expect(await bottle.log()).toEqual([
      expect.objectContaining({ event: 'denied', rule: 'server-name-mismatch', host: 'a.test' }),
    ]);
  });

  it('refuses TLS without a server name only where the entry says sni', async () => {
    const origin = await startOrigin('https', (_request, response) => response.end('hello'));
    const bottle = await startBottle({
      allowlist: `a.test:${origin.port} private\nb.test:${origin.port} private sni`,
    });
    // The origin's own answer: it has no certificate for nobody.
    expect(await overTls(await tunnelTo(bottle, `a.test:${origin.port}`), '')).toMatch(/handshake failure/i);
    expect(await overTls(await tunnelTo(bottle, `b.test:${origin.port}`), '')).toMatch(/access denied/i);
    expect(await overTls(await tunnelTo(bottle, `b.test:${origin.port}`), 'b.test')).toMatch(/hello$/);
    expect((await bottle.log()).map(({ event, rule }) => `${event} ${rule}`)).toContain(
      'denied server-name-missing',
    );
  });

  it('carries any protocol on a port that an entry names, whoever speaks first', async () => {
    const first = await serve(socket => {
      socket.write('220 ready\r\n');
      echo(socket);
    });
    const second = await serve(echo);
    const bottle = await startBottle({
      allowlist: `a.test:${first.port} private\na.test:${second.port} private`,
    });
    const one = await tunnelTo(bottle, `a.test:${first.port}`);
    expect(await readUntil(one, '\n')).toBe('220 ready\r\n');
    one.write('EHLO\r\n');
    expect(await readUntil(one, '\n')).toBe('EHLO\r\n');
    const other = await tunnelTo(bottle, `a.test:${second.port}`);
    other.write('\0\x01ping\n');
    expect(await readUntil(other, '\n')).toBe('\0\x01ping\n');
  });

  it('passes the end of one direction on, and what comes after it the other way', async () => {
    const origin = await serve(socket => {
      let text = '';
      socket.on('data', chunk => (text += chunk));
      socket.on('end', () => socket.end(`got ${text.length}`));
    });
    const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` });
    const socket = await tunnelTo(bottle, `a.test:${origin.port}`);
    socket.end(Buffer.alloc(200_000, 0));
    expect(await readAll(socket)).toBe('got 200000');
    expect(await bottle.log(2)).toContainEqual(
      expect.objectContaining({ event: 'closed', sent: 200_000, received: 10 }),
    );
  });

  it('serves plain HTTP in a tunnel as requests for its target, and for no other Host', async () => {
    const origin = await startOrigin('http', (request, response) =>
      response.end(`${request.url} ${request.headers.host}`),
    );
    const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` });
    const ask = async (host: string) => {
      const socket = await tunnelTo(bottle, `a.test:${origin.port}`);
      socket.write(`GET /x?q=1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      return readAll(socket);
    };
    expect(await ask(`a.test:${origin.port}`)).toContain(`/x?q=1 a.test:${origin.port}`);
    expect(await ask('b.test')).toMatch(/^HTTP\/1.1 403 [\s\S]*host-mismatch/);
    const [opened, , denied] = await bottle.log(3);
    expect(opened).toMatchObject({ event: 'opened', method: 'GET', path: '/x' });
    expect(denied).toMatchObject({ event: 'denied', rule: 'host-mismatch', host: 'a.test' });
  });

  it('says why it denies, as JSON that names the command which would allow it', async () => {
    const bottle = await startBottle({ allowlist: 'a.test' });
    const socket = await bottle.dial();
    socket.write('CONNECT b.test:22 HTTP/1.1\r\nHost: b.test:22\r\n\r\n');
    const [head = '', body = ''] = (await readAll(socket)).split('\r\n\r\n');
    // What Python's and Go's clients show of it.
    const allow = 'bot-bottle allow test-abcde b.test:22';
    const phrase = `Forbidden: host-not-allowed; to allow it, run on the host: ${allow}`;
    expect(head.split('\r\n')[0]).toBe(`HTTP/1.1 403 ${phrase}`);
    expect(head).toContain('Proxy-Status: bot-bottle; error=http_request_denied; details="host-not-allowed"');
    expect(JSON.parse(body)).toEqual({
      error: {
        type: 'egress_denied',
        rule: 'host-not-allowed',
        message: expect.stringContaining('no entry of its allowlist names b.test'),
        bottle: 'test-abcde',
        host: 'b.test',
        port: 22,
        method: 'CONNECT',
        allow,
      },
    });
  });

  it.each([
    'user@a.test:443',
    'a.test',
    'a.test:0',
    'a.test:65536',
    'a.test:443:443',
    'https://a.test:443',
    'a b:443',
  ])('refuses the target %j as malformed', async target => {
    const bottle = await startBottle({ allowlist: 'a.test private' });
    const socket = await bottle.dial();
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 400 /);
    expect(await bottle.log()).toEqual([expect.objectContaining({ event: 'denied', rule: 'malformed' })]);
  });

  it('tells an origin that cannot be reached from one that is denied', async () => {
    const closed = await serve(() => {});
    servers[servers.length - 1]?.close();
    const bottle = await startBottle({ allowlist: `a.test:${closed.port} private\nx.absent.test` });
    const ask = async (target: string) => {
      const socket = await bottle.dial();
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
      return readAll(socket);
    };
    expect(await ask(`a.test:${closed.port}`)).toMatch(/^HTTP\/1.1 502 [\s\S]*error=connection_refused/);
    expect(await ask('x.absent.test:443')).toMatch(/^HTTP\/1.1 502 [\s\S]*error=dns_error/);
    expect(await bottle.log()).toContainEqual(
      expect.objectContaining({
        event: 'closed',
        cut: 'origin',
        status: 502,
        problem: expect.stringContaining('ECONNREFUSED'),
      }),
    );
  });

  it('cuts a client that does not say what its tunnel is for', async () => {
    const bottle = await startBottle({ allowlist: 'a.test private' }, { limits: { headerMs: 50 } });
    const origin = await serve(() => {});
    const silent = await bottle.dial();
    expect(await readAll(silent)).toBe('');
    expect(origin.connections.size).toBe(0);
  });

  it('ends the other side when one breaks', async () => {
    const origin = await serve(socket => socket.resume());
    const bottle = await startBottle({ allowlist: `a.test:${origin.port} private` });
    const one = await tunnelTo(bottle, `a.test:${origin.port}`);
    one.write('\0');
    await tick();
    one.resetAndDestroy();
    while (origin.connections.size > 0) await tick();
    const other = await tunnelTo(bottle, `a.test:${origin.port}`);
    other.write('\0');
    await tick();
    for (const socket of origin.connections) socket.resetAndDestroy();
    expect(await readAll(other).catch(error => error.code)).toMatch(/^$|ECONNRESET/);
    const cuts = (await bottle.log(4)).filter(({ event }) => event === 'closed').map(({ cut }) => cut);
    expect(cuts).toEqual(['bottle', 'origin']);
  });
});
