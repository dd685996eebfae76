import {
  clientHello,
  extension,
  hello,
  hostName,
  NEEDED,
  records,
  serverName,
  vector16,
} from '../client-hello.js';
import { type Attempt, byEnd, say } from './attempts.js';
import { Rig, type RigOptions } from './rig.js';

const CONNECT = 'CONNECT allowed.example:PORT HTTP/1.1\r\nHost: allowed.example:PORT\r\n\r\n';
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
/** The fatal alert `access_denied`. */
const DENIED_TO_TLS = '\x15\x03\x03\x00\x02\x02\x31';
const named = (...names: Buffer[]) => records(hello([...NEEDED, extension(0, vector16(...names))]), []);

/** What is sent in a tunnel to an allowed host. */
type TunnelAttempt = Pick<Attempt, 'name' | 'rule'> & {
  readonly first: string | Buffer;
  /** What the origin must not hear, and does through the naive proxy; default: anything. */
  readonly reaches?: RegExp;
};

function describeTunnels(title: string, options: RigOptions, attempts: readonly TunnelAttempt[]): void {
  describe(title, () => {
    it.each(attempts.map(attempt => [attempt.name, attempt] as const))(
      '%s',
      async (_name, { first, rule, reaches = /./s }) => {
        const control = await Rig.start({ ...options, control: byEnd });
        const wire = await control.wire();
        wire.send(control.text(CONNECT));
        await wire.answers();
        wire.send(first);
        await control.allowed.hears(reaches);
        await control.close();

        const rig = await Rig.start(options);
        const heard = await say(rig, [CONNECT, first], { untilEnd: true });
        await rig.close();
        expect({
          heard,
          log: rig.log().map(({ event, rule, host }) => ({ event, rule, host })),
          forbidden: rig.forbidden.heard,
          allowed: rig.allowed.heard.join(''),
        }).toEqual({
          heard: ESTABLISHED + (rule === 'unknown-protocol' ? '' : DENIED_TO_TLS),
          log: [{ event: 'denied', rule, host: 'allowed.example' }],
          forbidden: [],
          allowed: '',
        });
      },
    );
  });
}

describeTunnels('A TLS server name', {}, [
  { name: 'of another host', first: clientHello('evil.test'), rule: 'server-name-mismatch', reaches: /evil/ },
  {
    name: 'that ends in the right one',
    first: clientHello('evil-allowed.example'),
    rule: 'server-name-mismatch',
    reaches: /evil/,
  },
  {
    name: 'that begins with the right one',
    first: clientHello('allowed.example.evil.test'),
    rule: 'server-name-mismatch',
    reaches: /evil/,
  },
  {
    name: 'with a NUL after the right one',
    first: clientHello('allowed.example\0.evil.test'),
    rule: 'server-name-mismatch',
    reaches: /evil/,
  },
  {
    name: 'of another host that is allowed too',
    first: clientHello('x.wild.example'),
    rule: 'server-name-mismatch',
    reaches: /wild/,
  },
  {
    name: 'that is an address',
    first: clientHello('127.0.0.1'),
    rule: 'server-name-mismatch',
    reaches: /127/,
  },
  { name: 'that is empty', first: clientHello(''), rule: 'malformed' },
  {
    name: 'after the right one in one list',
    first: named(hostName('allowed.example'), hostName('evil.test')),
    rule: 'malformed',
    reaches: /evil/,
  },
  {
    name: 'of a type that there is not',
    first: named(Buffer.concat([Buffer.from([1]), vector16(Buffer.from('evil.test'))])),
    rule: 'malformed',
    reaches: /evil/,
  },
  {
    name: 'in a second extension',
    first: records(hello([...NEEDED, serverName('allowed.example'), serverName('evil.test')]), []),
    rule: 'malformed',
    reaches: /evil/,
  },
  {
    name: 'of another host, cut in the middle between two records',
    first: clientHello('evil.test', { cuts: [190] }),
    rule: 'server-name-mismatch',
  },
  {
    name: 'of another host, in records of one byte',
    first: clientHello('evil.test', { cuts: [1, 2, 3, 4, 5] }),
    rule: 'server-name-mismatch',
    reaches: /evil/,
  },
  {
    name: 'of another host beside an encrypted one',
    first: clientHello('cover.test', { ech: true }),
    rule: 'server-name-mismatch',
    reaches: /cover/,
  },
  {
    name: 'in a hello of 20 KiB',
    first: records(
      hello([...NEEDED, extension(21, Buffer.alloc(20_000)), serverName('evil.test')]),
      [8000, 16_000],
    ),
    rule: 'malformed',
    reaches: /evil/,
  },
]);

describeTunnels(
  'Where the entry says sni, a client hello',
  { allowlist: 'allowed.example:PORT private sni\n' },
  [
    { name: 'without a server name', first: clientHello(null), rule: 'server-name-missing' },
    {
      name: 'with an encrypted part (ECH)',
      first: clientHello('allowed.example', { ech: true }),
      rule: 'server-name-encrypted',
    },
    {
      name: 'after a warning, which some servers read over',
      first: Buffer.concat([Buffer.from([21, 3, 1, 0, 2, 1, 90]), clientHello('evil.test')]),
      rule: 'unknown-protocol',
    },
    {
      name: 'in the form of SSL 2',
      first: Buffer.from(
        '802e0100020015000000100100800300800700c006004002008004008000000000000000000000000000000000000000',
        'hex',
      ),
      rule: 'unknown-protocol',
    },
  ],
);

const INSPECTED = 'routes:\n  - host: allowed.example:PORT\n    paths: [/v1/**]\n';

describeTunnels('A tunnel to an inspected host does not carry', { routes: INSPECTED }, [
  { name: 'SSH', first: 'SSH-2.0-OpenSSH_9.2\r\n', rule: 'unknown-protocol' },
  { name: 'SMTP', first: 'EHLO evil.test\r\n', rule: 'unknown-protocol' },
  { name: 'HTTP/2 in the clear', first: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', rule: 'unknown-protocol' },
  {
    name: 'HTTP after an empty line',
    first: '\r\nGET /v2 HTTP/1.1\r\nHost: allowed.example:PORT\r\n\r\n',
    rule: 'unknown-protocol',
  },
  {
    name: 'HTTP with a method that there is not',
    first: 'XGET /v2 HTTP/1.1\r\nHost: allowed.example:PORT\r\n\r\n',
    rule: 'unknown-protocol',
  },
  {
    name: 'HTTP with a method in small letters',
    first: 'get /v2 HTTP/1.1\r\nHost: allowed.example:PORT\r\n\r\n',
    rule: 'unknown-protocol',
  },
  { name: 'TLS for another host', first: clientHello('evil.test'), rule: 'server-name-mismatch' },
  {
    name: 'a DNS question over TCP',
    first: Buffer.from('001d000001000001000000000000046576696c04746573740000010001', 'hex'),
    rule: 'unknown-protocol',
  },
]);

describe('A client hello', () => {
  it.each([
    ['that names the host', clientHello('allowed.example')],
    ['that names the host in capitals', clientHello('ALLOWED.example')],
    ['that names the host in pieces', clientHello('allowed.example', { cuts: [3, 150, 195] })],
    ['that names no host, where nothing asks for one', clientHello(null)],
    [
      'that may have an encrypted part, where nothing forbids it',
      clientHello('allowed.example', { ech: true }),
    ],
  ])('gets through, %s', async (_name, first) => {
    const rig = await Rig.start();
    const wire = await rig.wire();
    wire.send(rig.text(CONNECT));
    await wire.answers();
    wire.send(first);
    await rig.allowed.hears(new RegExp(`^.{${first.length}}$`, 's'));
    await rig.close();
    expect(Buffer.from(rig.allowed.heard.join(''), 'latin1')).toEqual(first);
    expect(rig.log().map(({ event }) => event)).toEqual(['opened', 'closed']);
  });
});
