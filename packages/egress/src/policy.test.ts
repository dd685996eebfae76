import { parseAllowlist, parseRoutes } from '@bot-bottle/live-config';
import { judgeRequest, judgeTarget, type Policy } from './policy.js';

function policy(allowlist: string, routes = ''): Policy {
  return { generation: 1, revision: '1', allowlist: parseAllowlist(allowlist), routes: parseRoutes(routes) };
}

describe('judgeTarget', () => {
  it('denies what no entry names, and says whether it was the host or the port', () => {
    const some = policy('a.test\nb.test:8443\n*.c.test');
    const judge = (host: string, port: number) => judgeTarget(some, { host, port });
    expect(judge('z.test', 443)).toEqual({ allowed: false, rule: 'host-not-allowed' });
    expect(judge('a.test', 22)).toEqual({ allowed: false, rule: 'port-not-allowed', entry: 'a.test' });
    expect(judge('b.test', 443)).toEqual({ allowed: false, rule: 'port-not-allowed', entry: 'b.test:8443' });
    expect(judge('c.test', 443)).toEqual({ allowed: false, rule: 'host-not-allowed' });
    expect(judge('eviла.test', 443).allowed).toBe(false);
    expect(judge('a.test\0.evil.test', 443)).toEqual({ allowed: false, rule: 'malformed' });
    expect(judgeTarget(policy(''), { host: 'a.test', port: 443 }).allowed).toBe(false);
  });

  it('adds up what all entries say that take a target in', () => {
    const some = policy('a.test\na.test:443 sni\na.test private');
    expect(judgeTarget(some, { host: 'A.test.', port: 443 })).toEqual({
      allowed: true,
      rule: 'allowlist',
      entry: 'a.test',
      private: true,
      sni: true,
      anyProtocol: false,
      inspected: false,
    });
    expect(judgeTarget(some, { host: 'a.test', port: 80 })).toMatchObject({ sni: false, anyProtocol: false });
  });

  it.each([
    ['methods: [GET]', true],
    ['methods: []', true],
    ['paths: [/v1/**]', true],
    ['credential: { env: KEY }', true],
    ['', false],
  ])('has a host inspected for what a route narrows or adds (%s: %s)', (rest, inspected) => {
    const some = policy('a.test\nb.test', `routes:\n  - host: a.test\n    ${rest}\n`);
    expect(judgeTarget(some, { host: 'a.test', port: 443 })).toMatchObject({ allowed: true, inspected });
    expect(judgeTarget(some, { host: 'b.test', port: 443 })).toMatchObject({
      allowed: true,
      inspected: false,
    });
  });

  it('remembers verdicts for their policy alone', () => {
    const target = { host: 'a.test', port: 443 };
    for (let host = 0; host < 5000; host++) judgeTarget(policy('a.test'), { host: `h${host}.test`, port: 1 });
    expect(judgeTarget(policy('a.test'), target).allowed).toBe(true);
    expect(judgeTarget(policy('b.test'), target).allowed).toBe(false);
  });
});

describe('judgeRequest', () => {
  const some = policy(
    'a.test\nb.test',
    'routes:\n  - host: a.test\n    methods: [GET]\n    paths: [/v1/**]\n  - host: z.test\n',
  );
  const judge = (host: string, method: string, path: string) =>
    judgeRequest(some, { host, port: 443, method, path });

  it('lets a request out that fits a route, and names the route', () => {
    expect(judge('a.test', 'GET', '/v1/models')).toMatchObject({
      allowed: true,
      rule: 'route',
      entry: 'GET a.test /v1/**',
      route: { host: 'a.test' },
    });
  });

  it('denies one that fits none of the routes of its host, and names the nearest', () => {
    const denied = { allowed: false, rule: 'not-routed', entry: 'GET a.test /v1/**' };
    expect(judge('a.test', 'POST', '/v1/models')).toEqual(denied);
    expect(judge('a.test', 'GET', '/v2')).toEqual(denied);
    expect(judge('a.test', 'GET', '/v1/%2e%2e/v2')).toEqual(denied);
  });

  it('asks the allowlist first: a route allows nothing', () => {
    expect(judge('z.test', 'GET', '/')).toEqual({ allowed: false, rule: 'host-not-allowed' });
    expect(judge('b.test', 'DELETE', '/any')).toMatchObject({ allowed: true, rule: 'allowlist' });
  });
});
