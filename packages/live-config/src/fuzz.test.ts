import fc from 'fast-check';
import { formatAllowlist, parseAllowlist } from './allowlist.js';
import { LiveConfigError } from './errors.js';
import { formatRoutes, parseRoutes } from './routes.js';

const RUNS = 4000;

const ALLOWLISTS = [
  '# what this bottle needs\napi.example.com\n*.example.org:8443 private\n',
  '127.1:8080 ip private\r\n[::1]:99 private ip\r\n* wide ip sni\r\n',
  '\ufeffBÜCHER.example.\n*.github.io wide sni # all of it\n',
];
const ROUTES = [
  'routes:\n  - host: api.example.com\n    methods: [get, POST]\n    paths: ["/v1/*/items", /v1/models/**]\n    credential: { env: API_KEY }\n',
  'routes:\n- host: "*.example.org:8443"\n  methods: []\n- host: 127.0.0.1:8080\n  credential:\n    file: "/run/secrets/key"\n    header: X-Key\n',
  '{"routes": [{"host": "[::1]", "paths": [], "credential": {"command": ["op", "read", "op://a/b"]}}]}\n---\n',
];
const WORDS = [
  ...'\0 \t \n \r \r\n \u2028 \u0085 \u00a0 \ufeff \ud800 : :: - -- ? ! !! !!str & &a * *a ** % %YAML | > |2- >+ [ ] [[[[ ]]]] { } {{{{ , " \'" # # ` @ = <<:'.split(
    ' ',
  ),
  ...'--- ... routes routes: host host: methods paths: credential: env: file: command: header: null ~ true 1e9 0x7f .inf "\\u0000" "\\ud800" "\\'.split(
    ' ',
  ),
  ...'ip wide private sni * *. . .. :0 :65536 :443 [::] [::ffff:1.2.3.4] 0 127.1 xn-- xn--a ß ㎏ ℀ 。'.split(
    ' ',
  ),
  'a'.repeat(64),
  'a.'.repeat(130),
  '9'.repeat(400),
  ' '.repeat(300),
];

/** A seed text with parts of it dropped, doubled, swapped for other parts, bent by a bit, or a word put in. */
const mutated = (seeds: readonly string[]) => {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const change = fc.record({
    kind: fc.constantFrom('drop', 'double', 'splice', 'word', 'word', 'bend'),
    from: place,
    length: fc.oneof(fc.constant(1), fc.nat(8), fc.nat(80)),
    other: fc.constantFrom(...seeds),
    word: fc.constantFrom(...WORDS),
    bit: fc.nat(15),
  });
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([seed, changes]) =>
      changes.reduce((text, { kind, from, length, other, word, bit }) => {
        const at = Math.floor(from * text.length);
        const part = text.slice(at, at + length);
        const [before, after] = [text.slice(0, at), text.slice(at + length)];
        if (kind === 'drop') return before + after;
        if (kind === 'double') return before + part + part + after;
        if (kind === 'splice')
          return before + other.slice(at % other.length, (at % other.length) + length) + after;
        if (kind === 'word') return before + word + text.slice(at);
        return before + String.fromCharCode((part.charCodeAt(0) || 0) ^ (1 << bit)) + text.slice(at + 1);
      }, seed),
    );
};

function taken<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LiveConfigError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { line, column } of error.problems) expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
    return undefined;
  }
}

describe.each([
  ['parseAllowlist', ALLOWLISTS, parseAllowlist, formatAllowlist],
  ['parseRoutes', ROUTES, parseRoutes, formatRoutes],
] as const)('%s', (_name, seeds, parse, format) => {
  const read = parse as (text: string) => object[];
  const write = format as (parsed: object[]) => string;

  it('reads a broken text as a policy that it writes and reads back, or says where it is broken', () => {
    let count = 0;
    fc.assert(
      fc.property(mutated(seeds), text => {
        const parsed = taken(() => read(text));
        if (!parsed) return;
        count += 1;
        expect(read(write(parsed))).toEqual(parsed);
      }),
      { numRuns: RUNS },
    );
    expect(count).toBeGreaterThan(RUNS / 100);
  });
});
