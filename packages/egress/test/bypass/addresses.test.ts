import { type Attempt, byBlocklist, describeAttempts } from './attempts.js';
import { ok, Witness } from './witness.js';

/** Every name and every address is allowed here: only where they lead may stop them. */
const ANYWHERE = '*:PORT wide ip\nallowed.example:PORT private\n';
const connect = (host: string) => `CONNECT ${host}:PORT HTTP/1.1\r\nHost: ${host}:PORT\r\n\r\n`;
const get = (host: string) => `GET http://${host}:PORT/ HTTP/1.1\r\nHost: ${host}:PORT\r\n\r\n`;

/** As written, canonical, and whether the C library of the naive proxy reads it so (else it would not connect). */
const LITERALS: readonly [name: string, text: string, canonical: string, reached: boolean][] = [
  ['as it is', '127.0.0.1', '127.0.0.1', false],
  ['with a trailing dot', '127.0.0.1.', '127.0.0.1', false],
  ['in two parts', '127.1', '127.0.0.1', true],
  ['in three parts', '127.0.1', '127.0.0.1', true],
  ['as one number', '2130706433', '127.0.0.1', true],
  ['as one number in hexadecimal', '0x7f000001', '127.0.0.1', true],
  ['as one number in octal', '017700000001', '127.0.0.1', true],
  ['in parts in octal', '0177.0.0.01', '127.0.0.1', true],
  ['in parts in hexadecimal', '0x7f.0x0.0x0.0x1', '127.0.0.1', true],
  ['in parts of three bases', '0177.0x0.1', '127.0.0.1', true],
  ['another of loopback', '127.255.255.254', '127.255.255.254', false],
  ['of this host', '0.0.0.0', '0.0.0.0', true],
  ['of this host as one digit', '0', '0.0.0.0', true],
  ['of IPv6', '[::1]', '::1', true],
  ['of IPv6 at length', '[0:0:0:0:0:0:0:1]', '::1', true],
  ['of this host in IPv6', '[::]', '::', true],
  ['mapped into IPv6', '[::ffff:127.0.0.1]', '127.0.0.1', true],
  ['mapped into IPv6 in hexadecimal', '[::ffff:7f00:1]', '127.0.0.1', true],
  ['mapped into IPv6 at length', '[0000:0000:0000:0000:0000:FFFF:7F00:0001]', '127.0.0.1', true],
  ['compatible in IPv6', '[::127.0.0.1]', '::7f00:1', false],
  ['behind NAT64', '[64:ff9b::127.0.0.1]', '64:ff9b::7f00:1', false],
  ['behind a NAT64 of its own', '[64:ff9b:1::7f00:1]', '64:ff9b:1::7f00:1', false],
  ['in 6to4', '[2002:7f00:1::1]', '2002:7f00:1::1', false],
  ['in Teredo', '[2001:0:7f00:1::1]', '2001:0:7f00:1::1', false],
  ['link-local', '[fe80::1]', 'fe80::1', false],
  ['site-local', '[fec0::1]', 'fec0::1', false],
  ['unique local', '[fd12::1]', 'fd12::1', false],
  ['multicast', '224.0.0.1', '224.0.0.1', false],
  ['broadcast', '255.255.255.255', '255.255.255.255', false],
  ['private: 10/8', '10.0.0.1', '10.0.0.1', false],
  ['private: 172.16/12', '172.31.255.1', '172.31.255.1', false],
  ['private: 192.168/16', '192.168.0.1', '192.168.0.1', false],
  ['of a carrier', '100.64.0.1', '100.64.0.1', false],
  ["of Amazon's metadata", '169.254.169.254', '169.254.169.254', false],
  ["of Amazon's metadata as one number", '2852039166', '169.254.169.254', false],
  ["of Amazon's metadata in hexadecimal", '0xa9fea9fe', '169.254.169.254', false],
  ["of Amazon's metadata mapped into IPv6", '[::ffff:a9fe:a9fe]', '169.254.169.254', false],
  ["of Amazon's metadata in IPv6", '[fd00:ec2::254]', 'fd00:ec2::254', false],
  ["of Alibaba's metadata", '100.100.100.200', '100.100.100.200', false],
  ["of Azure's platform", '168.63.129.16', '168.63.129.16', false],
  ["of Oracle's metadata", '192.0.0.192', '192.0.0.192', false],
];
const ZONES: readonly [name: string, text: string][] = [
  ['with a zone', '[::1%lo]'],
  ['with a zone, percent-encoded', '[fe80::1%25lo]'],
  ['of IPv6 without brackets', '::1'],
  ['in brackets', '[127.0.0.1]'],
  ['with a part too large', '127.0.0.256'],
  ['in octal that is none', '127.0.0.08'],
];

describeAttempts('Where addresses are allowed, an address that is not public,', { allowlist: ANYWHERE }, [
  ...LITERALS.map(
    ([name, text, host, reached]): Attempt => ({
      name,
      send: connect(text),
      rule: 'private-address',
      host,
      naive: reached ? byBlocklist : 'it is on its list, or nothing listens there',
    }),
  ),
  ...LITERALS.filter(([, , , reached]) => reached).map(
    ([name, text, host]): Attempt => ({
      name: `${name}, in a URL`,
      send: get(text),
      rule: 'private-address',
      host,
      naive: 'the control stands with CONNECT',
    }),
  ),
  ...ZONES.map(
    ([name, text]): Attempt => ({
      name,
      send: connect(text),
      rule: 'malformed',
      naive: 'it is about one form for one host',
    }),
  ),
]);

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'loopback.test': ['127.0.0.1'],
  'metadata.google.internal': ['169.254.169.254'],
  'both.test': ['127.0.0.1 ::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'zone.test': ['fe80::1%lo'],
  'any.test': ['0.0.0.0'],
};

describeAttempts('Where names are allowed, a name that leads', { allowlist: ANYWHERE, answers: NAMES }, [
  {
    name: 'to loopback',
    send: connect('loopback.test'),
    rule: 'private-address',
    host: 'loopback.test',
    naive: byBlocklist,
  },
  {
    name: 'to loopback, in a URL',
    send: get('loopback.test'),
    rule: 'private-address',
    host: 'loopback.test',
    naive: byBlocklist,
  },
  {
    name: 'to loopback in both families',
    send: connect('both.test'),
    rule: 'private-address',
    host: 'both.test',
    naive: byBlocklist,
  },
  {
    name: 'to a mapped address',
    send: connect('mapped.test'),
    rule: 'private-address',
    host: 'mapped.test',
    naive: byBlocklist,
  },
  {
    name: 'to this host',
    send: connect('any.test'),
    rule: 'private-address',
    host: 'any.test',
    naive: byBlocklist,
  },
  {
    name: 'to a link',
    send: connect('zone.test'),
    rule: 'private-address',
    host: 'zone.test',
    naive: 'nothing listens there',
  },
  {
    name: "to Google's metadata",
    send: get('metadata.google.internal'),
    rule: 'private-address',
    host: 'metadata.google.internal',
    naive: 'nothing listens there',
  },
  {
    name: 'to the host that the bottle runs on',
    send: connect('host.bot-bottle.internal'),
    rule: 'private-address',
    host: 'host.bot-bottle.internal',
    naive: 'it is a name of ours',
  },
]);

describeAttempts(
  'A redirect of an allowed origin',
  {
    allowlist: ANYWHERE,
    allowed: () =>
      new Witness('allowed', () =>
        ok('', 'Location: http://loopback.test:PORT/\r\n').replace('200 OK', '302 Found'),
      ),
    answers: NAMES,
    before: [302],
  },
  [
    {
      name: 'to a name that leads to loopback',
      send: [get('allowed.example'), get('loopback.test')],
      rule: 'private-address',
      host: 'loopback.test',
      naive: byBlocklist,
    },
    {
      name: 'to an address',
      send: [get('allowed.example'), get('127.1')],
      rule: 'private-address',
      host: '127.0.0.1',
      naive: byBlocklist,
    },
  ],
);
