import { byEnd, byPart, describeAttempts } from './attempts.js';
import { piping } from './naive-proxy.js';

const connect = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
const WITHIN = connect('allowed.example:PORT');
const HOST = 'Host: allowed.example:PORT\r\n';

describeAttempts('A target that is none', {}, [
  {
    name: 'SSH: CONNECT to port 22',
    send: connect('allowed.example:22'),
    rule: 'port-not-allowed',
    naive: 'nothing listens on port 22',
  },
  {
    name: 'mail: CONNECT to port 25',
    send: connect('allowed.example:25'),
    rule: 'port-not-allowed',
    naive: 'nothing listens on port 25',
  },
  {
    name: 'a port that only another host has',
    send: connect('wild.example:443'),
    rule: 'host-not-allowed',
    naive: 'nothing listens on port 443',
  },
  {
    name: 'port 0',
    send: connect('allowed.example:0'),
    rule: 'malformed',
    naive: 'nothing listens on port 0',
  },
  {
    name: 'port 65536',
    send: connect('allowed.example:65536'),
    rule: 'malformed',
    naive: 'Node knows no such port',
  },
  {
    name: 'a port that wraps to an allowed one',
    send: connect('allowed.example:65979'),
    rule: 'malformed',
    naive: 'Node knows no such port',
  },
  {
    name: 'a negative port',
    send: connect('allowed.example:-1'),
    rule: 'malformed',
    naive: 'Node knows no such port',
  },
  {
    name: 'a port in hexadecimal',
    send: connect('allowed.example:0x1bb'),
    rule: 'malformed',
    naive: 'nothing listens on port 443',
  },
  {
    name: 'a port with a space before it',
    send: connect('allowed.example: 443'),
    rule: 'malformed',
    naive: "Node's parser refuses it",
  },
  {
    name: 'two ports',
    send: connect('allowed.example:443:PORT'),
    rule: 'malformed',
    naive: 'Node looks such a name up',
  },
  { name: 'no port', send: connect('allowed.example'), rule: 'malformed', naive: 'Node knows no such port' },
  {
    name: 'a URL as the target of CONNECT',
    send: connect('http://allowed.example:PORT/'),
    rule: 'malformed',
    naive: 'Node knows no such port',
  },
  {
    name: 'a path as the target of CONNECT',
    send: connect('/'),
    rule: 'malformed',
    naive: 'Node knows no such port',
  },
  {
    name: 'CONNECT in small letters',
    send: `connect evil.test:PORT HTTP/1.1\r\nHost: evil.test:PORT\r\n\r\n`,
    rule: 'malformed',
    naive: "Node's parser refuses it",
  },
  {
    name: 'CONNECT with a body',
    send: `CONNECT allowed.example:PORT HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
    rule: 'malformed',
    naive: 'it is about what two servers could read',
  },
  {
    name: 'a line break in the target of CONNECT',
    send: 'CONNECT allowed.example\r\nX: :PORT HTTP/1.1\r\n\r\n',
    rule: 'malformed',
    naive: "Node's parser refuses it",
  },
  {
    name: 'a line feed in the target of CONNECT',
    send: 'CONNECT evil.test:PORT\nallowed.example HTTP/1.1\r\n\r\n',
    rule: 'malformed',
    naive: "Node's parser refuses it",
  },
  {
    name: 'ftp:// in absolute form',
    send: `GET ftp://evil.test:PORT/ HTTP/1.1\r\n${HOST}\r\n`,
    rule: 'malformed',
    naive: "Node's client refuses it",
  },
  {
    name: 'https:// in absolute form',
    send: `GET https://allowed.example:PORT/ HTTP/1.1\r\n${HOST}\r\n`,
    rule: 'malformed',
    naive: "Node's client refuses it",
  },
  {
    name: 'file:// in absolute form',
    send: `GET file:///etc/passwd HTTP/1.1\r\n${HOST}\r\n`,
    rule: 'malformed',
    naive: "Node's client refuses it",
  },
  {
    name: 'a request for the proxy itself',
    send: `GET / HTTP/1.1\r\n${HOST}\r\n`,
    rule: 'malformed',
    naive: 'the naive one guesses the target',
  },
  {
    name: 'a target that begins with two slashes',
    send: `GET //evil.test:PORT/ HTTP/1.1\r\n${HOST}\r\n`,
    rule: 'malformed',
    naive: byEnd,
  },
  {
    name: 'OPTIONS *',
    send: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
    rule: 'malformed',
    naive: 'the naive one guesses the target',
  },
]);

describeAttempts('A Host header', {}, [
  {
    name: 'that is allowed beside a URL that is not',
    send: `GET http://evil.test:PORT/ HTTP/1.1\r\n${HOST}\r\n`,
    rule: 'host-mismatch',
    naive: byEnd,
  },
  {
    name: 'that is not allowed beside a URL that is',
    send: 'GET http://allowed.example:PORT/ HTTP/1.1\r\nHost: evil.test:PORT\r\n\r\n',
    rule: 'host-mismatch',
    naive: 'the naive one believes this header',
  },
  {
    name: 'of another port',
    send: 'GET http://allowed.example:PORT/ HTTP/1.1\r\nHost: allowed.example:81\r\n\r\n',
    rule: 'host-mismatch',
    naive: 'it asks the allowed origin',
  },
  {
    name: 'that stands twice',
    send: `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}Host: evil.test:PORT\r\n\r\n`,
    rule: 'malformed',
    naive: 'it asks the allowed origin',
  },
  {
    name: 'that is a list',
    send: 'GET http://allowed.example:PORT/ HTTP/1.1\r\nHost: allowed.example:PORT, evil.test\r\n\r\n',
    rule: 'malformed',
    naive: 'it asks the allowed origin',
  },
  {
    name: 'that is absent',
    send: 'GET http://allowed.example:PORT/ HTTP/1.1\r\n\r\n',
    rule: 'malformed',
    naive: 'it asks the allowed origin',
  },
  {
    name: 'with user-info',
    send: 'GET http://allowed.example:PORT/ HTTP/1.1\r\nHost: allowed.example@evil.test:PORT\r\n\r\n',
    rule: 'malformed',
    naive: 'it asks the allowed origin',
  },
  {
    name: 'with a space before its colon',
    send: 'GET http://allowed.example:PORT/ HTTP/1.1\r\nHost : allowed.example:PORT\r\n\r\n',
    rule: 'malformed',
    naive: 'it asks the allowed origin',
  },
  {
    name: 'that differs within a tunnel',
    send: [WITHIN, 'GET / HTTP/1.1\r\nHost: evil.test:PORT\r\n\r\n'],
    rule: 'host-mismatch',
    naive: byPart,
    reaches: /evil/,
  },
  {
    name: 'that is right within a tunnel, beside a URL that is not',
    send: [WITHIN, `GET http://evil.test:PORT/ HTTP/1.1\r\n${HOST}\r\n`],
    rule: 'host-mismatch',
    naive: 'it asks the allowed origin, as a proxy',
  },
]);

describeAttempts('An allowed origin that is a proxy', {}, [
  {
    name: 'is not asked for another host by CONNECT',
    send: [WITHIN, connect('evil.test:PORT')],
    rule: 'malformed',
    naive: 'the allowed origin would be asked',
  },
  {
    name: 'is not asked for itself by CONNECT',
    send: [WITHIN, connect('allowed.example:PORT')],
    rule: 'malformed',
    naive: 'the allowed origin would be asked',
  },
  {
    name: 'is not asked for another host by a URL in a tunnel',
    send: [WITHIN, 'GET http://evil.test:PORT/ HTTP/1.1\r\nHost: evil.test:PORT\r\n\r\n'],
    rule: 'host-mismatch',
    naive: 'the allowed origin would be asked',
  },
]);

describeAttempts('A second request on one connection', {}, [
  {
    name: 'that goes to another host, in one packet with the first',
    send: [
      `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}\r\nGET http://evil.test:PORT/ HTTP/1.1\r\nHost: evil.test:PORT\r\n\r\n`,
      '',
    ],
    rule: 'host-not-allowed',
    naive: piping,
    reaches: /evil/,
  },
  {
    name: 'that goes to another host, after the first was answered',
    send: [
      `GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}\r\n`,
      'GET http://evil.test:PORT/ HTTP/1.1\r\nHost: evil.test:PORT\r\n\r\n',
    ],
    rule: 'host-not-allowed',
    naive: piping,
    reaches: /evil/,
  },
  {
    name: 'that opens a tunnel to another host',
    send: [`GET http://allowed.example:PORT/ HTTP/1.1\r\n${HOST}\r\n`, connect('evil.test:PORT')],
    rule: 'host-not-allowed',
    naive: piping,
    reaches: /evil/,
  },
  {
    name: 'that names another host within a tunnel',
    send: [WITHIN, `GET / HTTP/1.1\r\n${HOST}\r\n`, 'GET / HTTP/1.1\r\nHost: evil.test:PORT\r\n\r\n'],
    rule: 'host-mismatch',
    naive: byPart,
    reaches: /evil/,
  },
]);
