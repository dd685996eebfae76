import fc from 'fast-check';
import type { Credential } from './credential.js';
import { LiveConfigError } from './errors.js';
import { formatRoutes, parseRoutes, type Route } from './routes.js';

function problemsOf(text: string): string[] {
  try {
    parseRoutes(text);
  } catch (error) {
    if (!(error instanceof LiveConfigError) || error.code !== 'bad-routes') throw error;
    return error.problems.map(p => `${p.line}:${p.column} ${p.message}`);
  }
  return [];
}

const inRoute = (lines: string) => `routes:\n  - host: a.example\n    ${lines}\n`;
const inCredential = (lines: string) => inRoute(`credential:\n      ${lines}`);
const byName =
  'a credential is named and never written here, since this file is readable: use env, file or command';

describe('parseRoutes', () => {
  it('reads hosts, methods, paths and credentials', () => {
    const text = `\ufeff# what the agent may ask for
routes:
  - host: API.example.com:8443
    methods: [get, POST]
    paths: ["/v1/*/items", /v1/models/**]
    credential: { env: API_KEY }
  - host: "*.example.org"
    methods: []
  - host: b.example
    paths: []
    credential:
      command: [op, read, "op://vault/item/key"]
      header: X-Api-Key
  - host: 127.0.0.1:8080
    credential: { file: /run/secrets/key }
  - host: '*'
`;
    expect(parseRoutes(text)).toEqual([
      {
        host: 'api.example.com',
        port: 8443,
        methods: ['GET', 'POST'],
        paths: ['/v1/*/items', '/v1/models/**'],
        credential: { env: 'API_KEY' },
      },
      { host: '*.example.org', methods: [] },
      {
        host: 'b.example',
        paths: [],
        credential: { command: ['op', 'read', 'op://vault/item/key'], header: 'x-api-key' },
      },
      { host: '127.0.0.1', port: 8080, credential: { file: '/run/secrets/key' } },
      { host: '*' },
    ]);
  });

  it.each(['', '# nothing yet\n', 'routes: []\n'])('reads %j as no route', text => {
    expect(parseRoutes(text)).toEqual([]);
  });

  it.each([
    ['[]', '1:1 the file must be a map'],
    ['just text', '1:1 the file must be a map'],
    ['null', '1:1 the file must be a map'],
    ['routes:', '1:8 routes must be a list'],
    ['route: []', '1:1 unknown key "route" (did you mean "routes"?)'],
    ['routes: []\nroutes: []', '2:1 the key "routes" stands twice'],
    ['routes: []\n---\nroutes: []', '2:1 a second document is not read: remove the "---"'],
    ['%YAML 1.1\n---\nroutes: []', '1:1 directives are not read: remove "%YAML"'],
    ['routes: !!seq []', '1:15 tags are not read: remove the "!"'],
    ['routes: !x []', '1:12 tags are not read: remove the "!"'],
    ['routes: &a []', '1:12 anchors are not read: remove the "&"'],
    ['routes:\n  - a.example', '2:5 a route must be a map'],
    ['routes:\n  - {}', '2:5 a route needs a host'],
    ['routes:\n  - {host: }', /^2:\d+ host must be a string$/],
    [
      'routes:\n  - host: *.example.com',
      '2:11 aliases are not read: put a text that begins with "*" in quotes',
    ],
    [
      'routes:\n  - host: 127',
      '2:11 host must be a string (a number or a truth value needs quotes to be one)',
    ],
    ['routes:\n  - host: "a b"', '2:11 the host "a b" holds " ", which no host name does'],
    ['routes:\n  - &x {host: a.example}\n  - *x', '2:8 anchors are not read: remove the "&"'],
    [inRoute('hosts: b'), '3:5 unknown key "hosts" (did you mean "host"?)'],
    [inRoute('__proto__: b'), '3:5 unknown key "__proto__" (known: host, methods, paths, credential)'],
    [inRoute('constructor: b'), '3:5 unknown key "constructor" (known: host, methods, paths, credential)'],
    [inRoute('<<: {host: b}'), '3:5 unknown key "<<" (known: host, methods, paths, credential)'],
    [inRoute('methods: GET'), '3:14 methods must be a list'],
    [inRoute('methods: [GET, "G T"]'), '3:20 a method is a word like GET'],
    [inRoute('methods: [GET, "GET\\r\\nX"]'), '3:20 a method is a word like GET'],
    [
      inRoute('paths: [v1]'),
      '3:13 a path pattern begins with "/" and holds no "?", "#", "\\", "//", "." or ".." segment',
    ],
    [inRoute('paths: [/v1/../x]'), /^3:13 a path pattern begins/],
    [inRoute('paths: [/v1?x=1]'), /^3:13 a path pattern begins/],
    [inRoute('paths: [/v1/a*]'), '3:13 in a path pattern "*" is a whole segment, and "**" the last one'],
    [inRoute('paths: [/**/x]'), '3:13 in a path pattern "*" is a whole segment, and "**" the last one'],
    [inRoute('credential: sk-secret'), '3:17 credential must be a map'],
    [inRoute('credential: {}'), '3:17 a credential needs exactly one of env, file and command'],
    [inCredential('env: A\n      file: /b'), '4:7 a credential needs exactly one of env, file and command'],
    [inCredential('value: sk-secret'), `4:7 ${byName}`],
    [inCredential('token: sk-secret'), `4:7 ${byName}`],
    [inCredential('env: sk-secret'), '4:12 env must be the name of an environment variable'],
    [inCredential('file: secrets/key'), '4:13 file must be an absolute path'],
    [inCredential('file: ~/key'), '4:13 file must be an absolute path'],
    [inCredential('command: op read'), '4:16 command must be a list'],
    [inCredential('command: []'), '4:16 command must be a program and its arguments, without NUL'],
    [inCredential('env: A\n      header: "x: y"'), '5:15 header must be the name of an HTTP header'],
    [
      inCredential('env: A\n      header: Content-Length'),
      '5:15 header must not be one that frames or routes the message',
    ],
    [
      inCredential('env: A\n      header: Host'),
      '5:15 header must not be one that frames or routes the message',
    ],
    [
      'routes:\n  - host: "*.a.example"\n    credential: {env: A}',
      '2:5 a credential needs an exact host, and *.a.example is a pattern',
    ],
  ])('refuses %j, with line and column', (text, problem) => {
    const problems = problemsOf(text);
    expect(problems[0]).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
  });

  it('never repeats what could be a secret', () => {
    const secret = 'sk-ThisIsASecret';
    const places = [
      `value: ${secret}`,
      `env: ${secret}`,
      `file: ${secret}`,
      `command: ${secret}`,
      `header: ${secret} x`,
      `env: [${secret}]`,
    ];
    for (const place of places) expect(problemsOf(inCredential(place)).join()).not.toContain(secret);
    expect(problemsOf(inRoute(`credential: ${secret}`)).join()).not.toContain(secret);
  });

  it('reports every problem of the text', () => {
    const problems = problemsOf('routes:\n  - host: a b\n    methods: GET\n  - paths: [x, /y]\nmore: 1\n');
    expect(problems.map(problem => problem.split(' ')[0])).toEqual(['2:11', '3:14', '4:13', '5:1']);
  });

  it('says where broken YAML breaks', () => {
    expect(() => parseRoutes('routes:\n  - host: "a', { source: 'routes.yaml' })).toThrow(
      /^routes\.yaml:2:\d+: Missing closing "quote/,
    );
  });

  it.each([
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map((c, i) => `${c}: &${c} [${`*${'abcdefghi'[i]},`.repeat(9)}]`)
        .join('\n')}`,
    ],
    ['100,000 open brackets', '['.repeat(100_000)],
    ['100,000 nested lists', '- '.repeat(100_000)],
    ['262,144 open brackets, of which V8 once died', '['.repeat(1 << 18)],
    ['nested maps', '{a: '.repeat(60_000)],
    ['nested keys', '? '.repeat(100_000)],
    ['a deep block', Array.from({ length: 600 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['20,000 keys', Array.from({ length: 20_000 }, (_, i) => `k${i}: 1`).join('\n')],
    ['a text of more than 256 KiB', `#${'x'.repeat(1 << 18)}`],
    ['NUL', 'routes: "\0"'],
    ['200,000 closing brackets', ']'.repeat(200_000)],
  ])('refuses %s soon', (_, text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
    expect(problemsOf(text).length).toBeLessThanOrEqual(100);
  });

  it('reads 256 KiB of ordinary routes, and no further than that of what has more parts', () => {
    const route = `- host: api.example.com\n  methods: [GET, POST]\n  paths: [/v1/*/items, /v1/models/**]\n`;
    const most = Math.floor((1 << 18) / route.length) - 1;
    expect(parseRoutes(`routes:\n${route.repeat(most)}`)).toHaveLength(most);
    expect(problemsOf(`[${','.repeat((1 << 18) - 1)}`)[0]).toBe(
      '1:131072 has more than 131072 words and signs',
    );
    expect(problemsOf(`routes: [${'a,'.repeat(1 << 16)}]`)[0]).toMatch(/^1:\d+ has more than 131072 words/);
  });

  it('leaves the stacks of errors as they are, though it does without them for so long', () => {
    const limit = Error.stackTraceLimit;
    expect(problemsOf('[,,,')).toContain('1:3 Unexpected , in flow sequence');
    parseRoutes('routes: []');
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it('takes any text, or says why not, and nothing else', () => {
    const words = [
      'routes',
      ':',
      ' ',
      '\n',
      '  - ',
      'host',
      'a.example',
      '*',
      '&',
      '!',
      '"',
      "'",
      '[',
      ']',
      '{',
      '}',
      ',',
      '|',
      '>',
      '?',
      '%',
      '#',
      'methods',
      'paths',
      '/v1',
      'credential',
      'env',
      'A',
      '\t',
      '\0',
      '---',
      '...',
      '<<',
      '1',
      '\ud800',
    ];
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(...words)).map(parts => parts.join('')),
      fc.array(fc.constantFrom(...words)).map(parts => inRoute(parts.join(''))),
      fc.json().map(json => `{"routes": [${json}]}`),
    );
    fc.assert(
      fc.property(texts, text => {
        if (problemsOf(text).length > 0) return;
        const routes = parseRoutes(text);
        expect(parseRoutes(formatRoutes(routes))).toEqual(routes);
      }),
      { numRuns: 2000 },
    );
  });
});

const text = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter(t => !/\p{Surrogate}/u.test(t) && !t.includes('\0'));
const source: fc.Arbitrary<Credential> = fc.oneof(
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,10}$/).map(env => ({ env })),
  text.map(path => ({ file: `/${path}` })),
  fc.array(text, { minLength: 1 }).map(command => ({ command })),
);
const credential = fc.tuple(source, fc.option(fc.stringMatching(/^x-[a-z0-9-]{1,8}$/), { nil: undefined }));
const segment = fc
  .oneof(fc.constant('*'), fc.stringMatching(/^[A-Za-z0-9 %~é._:-]{1,6}$/))
  .filter(s => !/^\.{1,2}$/.test(s));
const path = fc
  .tuple(fc.array(segment), fc.boolean())
  .map(([parts, open]) => `/${[...parts, ...(open ? ['**'] : [])].join('/')}`);
const someRoutes: fc.Arbitrary<Route[]> = fc.array(
  fc
    .record({
      host: fc.constantFrom('a.example', 'b.example', '10.0.0.1', '::1', '1e3.example', 'null', 'true'),
      port: fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
      methods: fc.option(fc.array(fc.constantFrom('GET', 'POST', 'M-SEARCH', 'NULL', 'ON')), {
        nil: undefined,
      }),
      paths: fc.option(fc.array(path), { nil: undefined }),
      credential: fc.option(
        credential.map(([from, header]): Credential => (header === undefined ? from : { ...from, header })),
        { nil: undefined },
      ),
    })
    .map(withUndefined => JSON.parse(JSON.stringify(withUndefined)) as Route),
);

describe('formatRoutes', () => {
  it('writes what parseRoutes reads back as it was', () => {
    fc.assert(
      fc.property(someRoutes, routes => {
        const written = formatRoutes(routes);
        expect(parseRoutes(written)).toEqual(routes);
        expect(formatRoutes(parseRoutes(written))).toBe(written);
      }),
      { numRuns: 500 },
    );
  });

  it('writes one plain form', () => {
    const routes: Route[] = [
      { host: '*.Example.com', port: 8443, methods: ['get'], paths: ['/v1/**'] },
      { host: '::1', methods: [], credential: { env: 'KEY', header: 'X-Api-Key' } },
    ];
    expect(formatRoutes(routes)).toBe(`routes:
  - host: "*.example.com:8443"
    methods:
      - GET
    paths:
      - /v1/**
  - host: "[::1]"
    methods: []
    credential:
      env: KEY
      header: x-api-key
`);
    expect(formatRoutes([])).toBe('routes: []\n');
  });

  it.each<Route>([
    { host: 'a.example\nb' },
    { host: 'a.example:80' },
    { host: 'a.example', port: 0 },
    { host: 'a.example', methods: ['G T'] },
    { host: 'a.example', paths: ['v1'] },
    { host: '*', credential: { env: 'A' } },
    { host: 'a.example', credential: { env: 'not a name' } },
  ])('refuses the value %j', bad => {
    expect(() => formatRoutes([bad])).toThrow(expect.objectContaining({ code: 'bad-routes' }));
  });
});
