import { type Attempt, byEnd, byPart, byPattern, describeAttempts } from './attempts.js';
import { Rig } from './rig.js';

const utf8 = (text: string) => Buffer.from(text).toString('latin1');

type HostTrick = readonly [
  name: string,
  host: string,
  rule: Attempt['rule'],
  naive: Attempt['naive'],
  logged?: string,
];

const TRICKS: readonly HostTrick[] = [
  [
    'a name that ends in an allowed one',
    'evil-allowed.example',
    'host-not-allowed',
    byEnd,
    'evil-allowed.example',
  ],
  [
    'a name that ends in an allowed one, in capitals',
    'EVIL-ALLOWED.example',
    'host-not-allowed',
    byEnd,
    'evil-allowed.example',
  ],
  [
    'a name that begins with an allowed one',
    'allowed.example.evil.test',
    'host-not-allowed',
    byPart,
    'allowed.example.evil.test',
  ],
  [
    '... with a trailing dot',
    'allowed.example.evil.test.',
    'host-not-allowed',
    byPart,
    'allowed.example.evil.test',
  ],
  [
    'any character in the place of the dot',
    'allowedxexample',
    'host-not-allowed',
    byPattern,
    'allowedxexample',
  ],
  [
    'a subdomain of a name that is allowed alone',
    'sub.allowed.example',
    'host-not-allowed',
    byEnd,
    'sub.allowed.example',
  ],
  ['the parent of allowed subdomains', 'wild.example', 'host-not-allowed', byEnd, 'wild.example'],
  [
    'a name that ends in the parent of allowed subdomains',
    'evilwild.example',
    'host-not-allowed',
    byEnd,
    'evilwild.example',
  ],
  ['a label of allowed subdomains that is a star', '*.wild.example', 'malformed', byEnd],
  ['an empty label before the parent of allowed subdomains', '.wild.example', 'malformed', byEnd],
  ['two trailing dots', 'allowed.example..', 'malformed', byPart],
  [
    'punycode of a Cyrillic letter that looks like a Latin one',
    'xn--llowed-4nf.example',
    'host-not-allowed',
    'it is a name like any other',
    'xn--llowed-4nf.example',
  ],
  ['that Cyrillic letter itself', utf8('аllowed.example'), 'malformed', "Node's parser refuses the bytes"],
  ['a fullwidth full stop', utf8('evil．allowed.example'), 'malformed', "Node's parser refuses the bytes"],
  ['a percent-encoded dot', 'evil%2eallowed.example', 'malformed', byEnd],
  ['a percent-encoded NUL', 'evil.test%00.allowed.example', 'malformed', byEnd],
  ['a NUL', 'evil.test\0.allowed.example', 'malformed', "Node's parser refuses the byte"],
  ['an allowed name as user-info', 'allowed.example@evil.test', 'malformed', byPart],
  ['an allowed name and its port as user-info', 'allowed.example:PORT@evil.test', 'malformed', byPart],
  [
    'an allowed name after a backslash',
    'evil.test\\.allowed.example',
    'malformed',
    "Node's parser refuses the byte",
  ],
  ['a name in brackets', '[allowed.example]', 'malformed', 'it leads to the allowed origin'],
  [
    'the address of an allowed name',
    '127.0.0.2',
    'host-not-allowed',
    'the naive one knows names alone',
    '127.0.0.2',
  ],
  [
    'the loopback of the host by name',
    'localhost',
    'host-not-allowed',
    'the naive one knows this name',
    'localhost',
  ],
  [
    'the host by its own name',
    'host.bot-bottle.internal',
    'host-not-allowed',
    'the naive one does not know this name',
    'host.bot-bottle.internal',
  ],
  [
    'a name of 3,000 characters that ends in an allowed one',
    `${'a.'.repeat(1500)}allowed.example`,
    'malformed',
    byEnd,
  ],
  ['no name at all', '', 'malformed', 'the naive one would not connect'],
];

describeAttempts(
  'CONNECT to',
  {},
  TRICKS.map(([name, host, rule, naive, logged]) => ({
    name,
    send: `CONNECT ${host}:PORT HTTP/1.1\r\nHost: ${host}:PORT\r\n\r\n`,
    rule,
    naive,
    ...(logged && { host: logged }),
  })),
);

describeAttempts(
  'An absolute-form request to',
  {},
  TRICKS.map(([name, host, rule, _naive, logged]) => ({
    name,
    send: `GET http://${host}:PORT/ HTTP/1.1\r\nHost: ${host}:PORT\r\n\r\n`,
    rule,
    naive: 'the control stands with CONNECT',
    ...(logged && { host: logged }),
  })),
);

describe('What is allowed', () => {
  it.each(['allowed.example', 'ALLOWED.example', 'allowed.example.', 'x.wild.example'])(
    'gets through as %s',
    async host => {
      const rig = await Rig.start();
      const wire = await rig.wire();
      wire.send(rig.text(`GET http://${host}:PORT/ HTTP/1.1\r\nHost: ${host}:PORT\r\n\r\n`));
      const [answer] = await wire.answers();
      const tunnel = await rig.wire();
      tunnel.send(rig.text(`CONNECT ${host}:PORT HTTP/1.1\r\nHost: ${host}:PORT\r\n\r\n`));
      await tunnel.answers(1);
      tunnel.send(rig.text(`GET / HTTP/1.1\r\nHost: ${host}:PORT\r\n\r\n`));
      const [, tunnelled] = await tunnel.answers(2);
      await rig.close();
      expect([answer?.body, tunnelled?.body]).toEqual(['allowed', 'allowed']);
      expect(rig.log().filter(({ event }) => event === 'denied')).toEqual([]);
    },
  );
});
