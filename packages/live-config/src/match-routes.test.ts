import { matchRoutes } from './match-routes.js';
import { pathFits } from './path-pattern.js';
import { parseRoutes } from './routes.js';

describe('pathFits', () => {
  it.each([
    ['/', '/'],
    ['/v1/models', '/v1/models'],
    ['/v1/*', '/v1/models'],
    ['/*/models', '/v1/models'],
    ['/v1/**', '/v1'],
    ['/v1/**', '/v1/'],
    ['/v1/**', '/v1/a/b/c'],
    ['/**', '/'],
    ['/**', '/a/b'],
    ['/a b', '/a%20b'],
    ['/v1', '/%76%31'],
    ['/é', '/%C3%A9'],
    ['/100%', '/100%25'],
    ['/v1/', '/v1/'],
    ['/.well-known/x', '/.well-known/x'],
  ])('%s takes %s', (pattern, path) => {
    expect(pathFits(pattern, path)).toBe(true);
  });

  it.each([
    ['/', ''],
    ['/', '/a'],
    ['/v1', '/v1/'],
    ['/v1', '/V1'],
    ['/v1/', '/v1'],
    ['/v1/*', '/v1'],
    ['/v1/*', '/v1/'],
    ['/v1/*', '/v1/a/b'],
    ['/v1/**', '/v10'],
    ['/v1/**', '/v1/../admin'],
    ['/v1/**', '/v1/%2e%2e/admin'],
    ['/v1/**', '/v1/.%2E/admin'],
    ['/v1/**', '/v1/..;/admin'],
    ['/v1/**', '/v1/..%2fadmin'],
    ['/v1/**', '/v1/a%2Fb'],
    ['/v1/**', '/v1/a%5cb'],
    ['/v1/**', '/v1\\..\\admin'],
    ['/v1/**', '//v1/a'],
    ['/v1/**', '/v1//admin'],
    ['/v1/**', '/v1/a%00'],
    ['/v1/**', '/v1/%zz'],
    ['/v1/**', '/v1/%c0%af'],
    ['/v1/**', 'v1/a'],
    ['/v1/**', 'https://a.example/v1/a'],
    ['/v1/**', '*'],
    ['/v1/**', '/v1/a?b'],
  ])('%s does not take %s', (pattern, path) => {
    expect(pathFits(pattern, path)).toBe(false);
  });
});

describe('matchRoutes', () => {
  const routes = parseRoutes(`routes:
  - { host: api.example.com, methods: [GET], paths: [/v1/**] }
  - { host: api.example.com, methods: [POST], paths: [/v1/items], credential: { env: KEY } }
  - { host: "*.example.com", methods: [GET] }
  - { host: none.example, methods: [] }
  - { host: nopath.example, paths: [] }
  - { host: all.example }
`);
  const decide = (method: string, host: string, path: string, port = 443) =>
    matchRoutes(routes, { host, port, method, path });

  it('leaves a host that no route names to the allowlist', () => {
    expect(decide('DELETE', 'other.example', '/')).toEqual({ kind: 'unrouted' });
    expect(decide('DELETE', 'evil-api.example.net', '/')).toEqual({ kind: 'unrouted' });
    expect(decide('DELETE', 'api.example.com', '/', 8443)).toEqual({ kind: 'unrouted' });
  });

  it('takes the first route that fits', () => {
    expect(decide('GET', 'API.example.com.', '/v1/x')).toEqual({ kind: 'fits', route: routes[0] });
    expect(decide('POST', 'api.example.com', '/v1/items')).toEqual({ kind: 'fits', route: routes[1] });
    expect(decide('GET', 'api.example.com', '/other')).toEqual({ kind: 'fits', route: routes[2] });
    expect(decide('DELETE', 'all.example', '/any//../thing')).toEqual({ kind: 'fits', route: routes[5] });
  });

  it('denies what fits none of the routes that name its host, and says which these are', () => {
    expect(decide('POST', 'api.example.com', '/v1/other')).toEqual({
      kind: 'denied',
      routes: routes.slice(0, 3),
    });
    expect(decide('get', 'www.example.com', '/')).toEqual({ kind: 'denied', routes: [routes[2]] });
  });

  it('allows nothing where methods or paths are empty', () => {
    expect(decide('GET', 'none.example', '/')).toMatchObject({ kind: 'denied' });
    expect(decide('GET', 'nopath.example', '/')).toMatchObject({ kind: 'denied' });
  });
});
