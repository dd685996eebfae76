import { type Attempt, describeAttempts, say } from './attempts.js';
import { byPrefix } from './naive-proxy.js';
import { Rig } from './rig.js';
import { parseAnswers } from './wire.js';
import { ok, Witness } from './witness.js';

const HOST = 'Host: allowed.example:PORT\r\n';
const ROUTES = `routes:
  - host: allowed.example:PORT
    methods: [GET, POST]
    paths: [/v1/**]
`;
const ask = (path: string, method = 'GET') =>
  `${method} http://allowed.example:PORT${path} HTTP/1.1\r\n${HOST}\r\n`;

const PATHS: readonly [name: string, path: string][] = [
  ['that goes up', '/v1/../admin'],
  ['that goes up twice from deeper', '/v1/a/../../admin'],
  ['that goes up, percent-encoded', '/v1/%2e%2e/admin'],
  ['that goes up, half percent-encoded', '/v1/.%2E/admin'],
  ['that goes up behind an encoded slash', '/v1/..%2fadmin'],
  ['with an encoded slash', '/v1%2f..%2fadmin'],
  ['with an encoded slash in a segment', '/v1/a%2f..%2f..%2fadmin'],
  ['with an encoded backslash', '/v1/..%5cadmin'],
  ['with backslashes', '/v1\\..\\admin'],
  ['with a path parameter that hides going up', '/v1/..;/admin'],
  ['with an empty segment', '/v1//../admin'],
  ['that stays where it is', '/v1/./admin'],
  ['with an encoded NUL', '/v1/admin%00'],
  ['with an overlong encoding', '/v1/%c0%ae%c0%ae/admin'],
  ['with an encoding that is none', '/v1/%u002e%u002e/admin'],
  ['with an encoded line break', '/v1/%0d%0aadmin'],
  ['that begins with the allowed one', '/v1admin'],
];
const OTHERS: readonly Attempt[] = [
  ['that begins with two slashes', '//v1/admin'],
  ['in capitals', '/V1/admin'],
  ['encoded twice', '/%2576%2531/admin'],
  ['of the server itself', ''],
].map(([name = '', path = '']) => ({
  name,
  send: ask(path),
  rule: 'not-routed',
  naive: 'the naive one keeps to the beginning',
}));

describeAttempts('A path', { routes: ROUTES }, [
  ...PATHS.map(
    ([name, path]): Attempt => ({
      name,
      send: ask(path),
      rule: 'not-routed',
      reaches: /admin/,
      naive: byPrefix,
    }),
  ),
  ...OTHERS,
  {
    name: 'with a fragment',
    send: ask('/v1/x#/../admin'),
    rule: 'malformed',
    naive: "Node's parser refuses it",
  },
  {
    name: 'that is a URL',
    send: ask('/v1/http://evil.test/'),
    rule: 'not-routed',
    reaches: /evil/,
    naive: byPrefix,
  },
  { name: 'with a tab', send: ask('/v1/\tadmin'), rule: 'malformed', naive: "Node's parser refuses it" },
]);

describeAttempts('A method', { routes: ROUTES }, [
  ...['DELETE', 'TRACE', 'OPTIONS', 'PUT', 'PROPFIND'].map(
    (method): Attempt => ({
      name: `that is ${method}`,
      send: ask('/v1/x', method),
      rule: 'not-routed',
      reaches: new RegExp(method),
      naive: byPrefix,
    }),
  ),
  {
    name: 'that is an upgrade to WebSocket on a path that is not allowed',
    send: `GET http://allowed.example:PORT/admin HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    rule: 'not-routed',
    naive: 'the naive one keeps to the beginning',
  },
  {
    name: 'in small letters',
    send: ask('/v1/x', 'get'),
    rule: 'malformed',
    naive: "Node's parser refuses it",
  },
]);

const SECRET = 'sk-injected-0123456789';
const CREDENTIAL = `routes:
  - host: allowed.example:PORT
    credential: { env: KEY }
`;
const TWO = 'allowed.example:PORT private\nx.wild.example:PORT private\nclear.test:PORT private\n';
const credentials = {
  allowlist: TWO,
  routes: `${CREDENTIAL}  - host: clear.test:PORT\n    credential: { env: KEY }\n`,
  env: { KEY: SECRET },
  answers: { 'clear.test': ['10.255.255.1'] },
};

/** Sends this, and returns what the origin heard. */
async function heardOf(send: Attempt['send'], allowed?: () => Witness) {
  const rig = await Rig.start({ ...credentials, ...(allowed && { allowed }) });
  const answers = parseAnswers(await say(rig, send));
  await rig.close();
  expect(rig.forbidden.heard).toEqual([]);
  expect(JSON.stringify(rig.log())).not.toContain(SECRET);
  return {
    heard: rig.allowed.heard,
    answers,
    denied: rig.log().flatMap(({ event, rule }) => (event === 'denied' ? [rule] : [])),
  };
}

describe('An injected credential', () => {
  it.each([
    ['over one of the agent', 'Authorization: Bearer sk-agent\r\n'],
    ['over two of the agent', 'Authorization: Bearer sk-agent\r\nauthorization: Basic c2stYWdlbnQ=\r\n'],
    ['though Connection lists its header', 'Connection: keep-alive, Authorization\r\n'],
    ['though the agent says it is for the proxy', 'Proxy-Authorization: Bearer sk-agent\r\n'],
  ])('goes out once, %s', async (_name, header) => {
    const { heard, answers } = await heardOf(ask('/').replace(HOST, HOST + header));
    expect(answers.map(({ status }) => status)).toEqual([200]);
    expect(heard.join('').match(/^(proxy-)?authorization:.*$/gim)).toEqual([
      `Authorization: Bearer ${SECRET}`,
    ]);
  });

  it('goes to no host that a redirect names', async () => {
    const redirecting = () =>
      new Witness('allowed', () =>
        ok('', 'Location: http://x.wild.example:PORT/\r\n').replace('200 OK', '302 Found'),
      );
    const other = 'GET http://x.wild.example:PORT/ HTTP/1.1\r\nHost: x.wild.example:PORT\r\n\r\n';
    const { heard, answers } = await heardOf([ask('/'), other], redirecting);
    expect(answers.map(({ status }) => status)).toEqual([302, 302]);
    const [to, from] = [heard.join('').split('GET /')[2], heard.join('').split('GET /')[1]];
    expect(to).toContain('x.wild.example');
    expect(to).not.toContain(SECRET);
    expect(from).toContain(SECRET);
  });

  it.each([
    ['a Host header', `GET http://allowed.example:PORT/ HTTP/1.1\r\nHost: x.wild.example:PORT\r\n\r\n`],
    ['a URL', `GET http://x.wild.example:PORT/ HTTP/1.1\r\n${HOST}\r\n`],
    ['a tunnel', ['CONNECT x.wild.example:PORT HTTP/1.1\r\n\r\n', `GET / HTTP/1.1\r\n${HOST}\r\n`]],
  ])('goes to no host that %s names beside the right one', async (_name, send) => {
    const { heard, denied } = await heardOf(send);
    expect(denied).toEqual(['host-mismatch']);
    expect(heard.join('')).toBe('');
  });

  it('is not in what TRACE says back', async () => {
    const mirror = () => new Witness('allowed', head => ok(head, 'Content-Type: message/http\r\n'));
    const { heard, answers } = await heardOf(ask('/', 'TRACE'), mirror);
    expect(answers[0]?.body).toMatch(/^TRACE/);
    expect(JSON.stringify([heard, answers])).not.toContain(SECRET);
  });

  it('crosses no network in the clear', async () => {
    const { denied } = await heardOf('GET http://clear.test:PORT/ HTTP/1.1\r\nHost: clear.test:PORT\r\n\r\n');
    expect(denied).toEqual(['credential-in-clear']);
  });

  it('is not said by a proxy that cannot have it', async () => {
    const rig = await Rig.start({
      routes: CREDENTIAL.replace('{ env: KEY }', `{ command: [sh, -c, "echo ${SECRET}; exit 1"] }`),
    });
    const [answer] = parseAnswers(await say(rig, ask('/')));
    await rig.close();
    expect(answer?.status).toBe(502);
    expect(JSON.stringify([answer, rig.log()])).not.toContain(SECRET);
    expect(rig.allowed.heard).toEqual([]);
  });
});
