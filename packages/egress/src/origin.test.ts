import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { HOST_NAME } from './addresses.js';
import { connectOrigin, currentReach, type Lookup, mayReach } from './origin.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(address: string): Promise<{ port: number; count: () => number }> {
  let count = 0;
  const server = createServer(socket => {
    count++;
    socket.destroy();
  });
  servers.push(server);
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return { port: bound.port, count: () => count };
}

const finds =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));
const options = (lookup: Lookup) => ({ lookup, connectMs: 2000 });

describe('connectOrigin', () => {
  it('connects to the very address that was judged, whatever the resolver says next', async () => {
    const origin = await listen('127.0.0.1');
    const answers = [['127.0.0.1'], ['127.0.0.9']];
    const lookup: Lookup = async name =>
      finds(...(answers.shift() ?? []))(name, { all: true, verbatim: true });
    const socket = await connectOrigin(
      { host: 'a.test', port: origin.port },
      { private: true },
      options(lookup),
    );
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(answers).toHaveLength(1);
    socket.destroy();
  });

  it.each([
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['10.0.0.1', '169.254.169.254', 'fe80::1', '100.100.100.200', 'fd00:ec2::254'],
  ])('refuses a name that leads to %s alone, and does not connect', async (...addresses) => {
    const origin = await listen('127.0.0.1');
    const target = { host: 'a.test', port: origin.port };
    await expect(
      connectOrigin(target, { private: false }, options(finds(...addresses))),
    ).rejects.toMatchObject({
      rule: 'private-address',
    });
    expect(origin.count()).toBe(0);
  });

  it('refuses an address itself as it does a name, and asks no resolver about it', async () => {
    const lookup: Lookup = () => Promise.reject(new Error('asked'));
    for (const host of ['127.0.0.1', '::1', HOST_NAME]) {
      const refused = connectOrigin({ host, port: 9 }, { private: false }, options(lookup));
      await expect(refused).rejects.toMatchObject({ rule: 'private-address' });
    }
  });

  it('leads the name of the host to its own loopback', async () => {
    const origin = await listen('127.0.0.1');
    const target = { host: HOST_NAME, port: origin.port };
    const socket = await connectOrigin(target, { private: true }, { connectMs: 2000 });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('tries the next address where one cannot be reached', async () => {
    const origin = await listen('127.0.0.1');
    const lookup = finds('::1', '127.0.0.1');
    const socket = await connectOrigin(
      { host: 'a.test', port: origin.port },
      { private: true },
      options(lookup),
    );
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('sends nothing in the clear over a network, also where its policy allows the address', async () => {
    const reach = { private: true, loopbackOnly: true };
    const far = connectOrigin({ host: 'a.test', port: 9 }, reach, options(finds('192.0.2.1')));
    await expect(far).rejects.toMatchObject({ rule: 'credential-in-clear' });
    const origin = await listen('127.0.0.1');
    const target = { host: 'a.test', port: origin.port };
    const socket = await connectOrigin(target, reach, options(finds('192.0.2.1', '127.0.0.1')));
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('asks what may be reached when it knows where the name leads', async () => {
    let isPrivate = true;
    const lookup: Lookup = async () => {
      isPrivate = false;
      return [{ address: '127.0.0.1', family: 4 }];
    };
    const verdict = {
      allowed: true,
      rule: 'allowlist',
      entry: 'a.test',
      sni: false,
      anyProtocol: false,
      inspected: false,
    } as const;
    const reach = currentReach(() => ({ ...verdict, private: isPrivate }));
    expect(reach.private).toBe(true);
    await expect(connectOrigin({ host: 'a.test', port: 9 }, reach, options(lookup))).rejects.toMatchObject({
      rule: 'private-address',
    });
  });

  it('gives up on a resolver or an origin that does not answer, and when it is told to', async () => {
    const silent: Lookup = () => new Promise(() => {});
    const target = { host: 'a.test', port: 9 };
    await expect(
      connectOrigin(target, { private: true }, { lookup: silent, connectMs: 20 }),
    ).rejects.toMatchObject({
      code: 'origin-unreachable',
      message: 'a.test:9 cannot be reached: no answer in time',
    });
    const { signal } = new AbortController();
    const aborted = AbortSignal.abort(new Error('enough'));
    for (const end of [aborted, signal]) {
      const attempt = connectOrigin(
        target,
        { private: true },
        { lookup: silent, connectMs: 20, signal: end },
      );
      await expect(attempt).rejects.toMatchObject({ code: 'origin-unreachable' });
    }
  });
});

describe('mayReach', () => {
  it('takes an address again only as the policy of the moment does', () => {
    expect(mayReach('127.0.0.1', { private: true })).toBe(true);
    expect(mayReach('127.0.0.1', { private: false })).toBe(false);
    expect(mayReach('93.184.215.14', { private: false })).toBe(true);
  });
});
