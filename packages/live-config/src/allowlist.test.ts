import fc from 'fast-check';
import {
  type AllowlistEntry,
  type AllowlistFlag,
  formatAllowlist,
  matchAllowlist,
  parseAllowlist,
} from './allowlist.js';
import { LiveConfigError } from './errors.js';

function problemsOf(text: string): string[] {
  try {
    parseAllowlist(text, { source: 'allowlist' });
  } catch (error) {
    if (!(error instanceof LiveConfigError) || error.code !== 'bad-allowlist') throw error;
    return error.problems.map(p => `${p.line}:${p.column} ${p.message}`);
  }
  return [];
}

describe('parseAllowlist', () => {
  it('reads hosts, subdomains, ports, flags and comments', () => {
    const text = [
      '\ufeff# what this bottle needs',
      'Example.COM.   # exact',
      '\t*.example.com:8443',
      '',
      'bücher.example private',
      '127.1:8080 ip private\r',
      '[::1]:8080 private ip',
      '* wide',
      '*.github.io wide sni',
    ].join('\n');
    expect(parseAllowlist(text)).toEqual([
      { host: 'example.com' },
      { host: '*.example.com', port: 8443 },
      { host: 'xn--bcher-kva.example', flags: ['private'] },
      { host: '127.0.0.1', port: 8080, flags: ['ip', 'private'] },
      { host: '::1', port: 8080, flags: ['ip', 'private'] },
      { host: '*', flags: ['wide'] },
      { host: '*.github.io', flags: ['wide', 'sni'] },
    ]);
  });

  it('reads what the older tool wrote: one host a line', () => {
    expect(parseAllowlist('api.anthropic.com\ngithub.com\n')).toEqual([
      { host: 'api.anthropic.com' },
      { host: 'github.com' },
    ]);
  });

  it.each(['# nobody', '\n', '\ufeff', '  # nobody\r\n\r\n', ''])('reads %j as nobody', text => {
    expect(parseAllowlist(text)).toEqual([]);
  });

  it.each([
    ['127.0.0.1', '1:1 an IP address must be said explicitly: write "127.0.0.1 ip"'],
    ['0x7f.1:99', '1:1 an IP address must be said explicitly: write "127.0.0.1:99 ip"'],
    ['[::1]', '1:1 an IP address must be said explicitly: write "[::1] ip"'],
    ['*', '1:1 * takes in many unrelated owners: write "* wide" if that is meant'],
    ['*.com', '1:1 *.com takes in many unrelated owners: write "*.com wide" if that is meant'],
    ['*.co.uk', '1:1 *.co.uk takes in many unrelated owners: write "*.co.uk wide" if that is meant'],
    [
      '*.github.io',
      '1:1 *.github.io takes in many unrelated owners: write "*.github.io wide" if that is meant',
    ],
    ['*.рф', '1:1 *.xn--p1ai takes in many unrelated owners: write "*.xn--p1ai wide" if that is meant'],
    ['*.internal', '1:1 *.internal takes in many unrelated owners: write "*.internal wide" if that is meant'],
    ['a.example privat', '1:11 unknown flag "privat" (did you mean "private"?)'],
    ['a.example b.example', '1:11 unknown flag "b.example" (known: ip, wide, private, sni)'],
    ['a.example ip', '1:1 the flag "ip" is for IP addresses, and a.example is a name'],
    ['a.example:0', '1:1 the port "0" is not 1 to 65535'],
    ['a.example:65536', '1:1 the port "65536" is not 1 to 65535'],
    ['a.example:', '1:1 the port "" is not 1 to 65535'],
    ['a.example:443x', '1:1 the port "443x" is not 1 to 65535'],
    ['::1 ip', '1:1 "::1" holds several colons: write an IPv6 address in brackets, like [::1]'],
    ['https://a.example/', '1:1 "https://a.example/" is a URL: write its host alone'],
    ['a.*.example', '1:1 "a.*.example" may hold "*" only as its whole first label, like *.example.com'],
    ['*a.example', '1:1 "*a.example" may hold "*" only as its whole first label, like *.example.com'],
    ['*.*.example', '1:1 "*.*.example" may hold "*" only as its whole first label, like *.example.com'],
    ['*.127.0.0.1', '1:1 "*.127.0.0.1" is no pattern: an IP address has no subdomains'],
    ['a.exa\0mple', '1:1 the host "a.exa\\u0000mple" holds "\\u0000", which no host name does'],
    ['user@a.example', '1:1 the host "user@a.example" holds "@", which no host name does'],
  ])('refuses %j and says what to write', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it('reports every problem of the text, each with its line and column', () => {
    const problems = problemsOf('good.example\r\n  10.0.0.1 privat\n# fine\nb a c\n*.net');
    expect(problems.map(problem => problem.split(' ')[0])).toEqual(['2:12', '2:3', '4:3', '4:5', '5:1']);
  });

  it('names the file, line and column in the message', () => {
    const parse = () => parseAllowlist('\n *.com', { source: '/state/allowlist' });
    expect(parse).toThrow(expect.objectContaining({ line: 2, column: 2, source: '/state/allowlist' }));
    expect(parse).toThrow(/^\/state\/allowlist:2:2: \*\.com takes in/);
  });

  it('refuses a text of more than 1 MiB, and bounds the list of problems', () => {
    expect(problemsOf('a'.repeat((1 << 20) + 1))).toEqual(['1:1 is larger than 1048576 bytes']);
    expect(problemsOf(`a.example ${'? '.repeat(1 << 18)}`)).toHaveLength(100);
    expect(problemsOf('?\n'.repeat(1 << 19))).toHaveLength(100);
  });

  it('takes any text, or says why not, and nothing else', () => {
    const words = fc.constantFrom(
      'a',
      '*',
      '.',
      ' ',
      '\t',
      '\n',
      '\r',
      '#',
      ':',
      '[',
      ']',
      '1',
      'ip',
      'wide',
      '\0',
      '\ufeff',
      'com',
      'é',
      '\ud800',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words).map(parts => parts.join('')),
    );
    fc.assert(
      fc.property(texts, text => {
        if (problemsOf(text).length > 0) return;
        const entries = parseAllowlist(text);
        expect(parseAllowlist(formatAllowlist(entries))).toEqual(entries);
      }),
      { numRuns: 3000 },
    );
  });
});

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/).filter(text => !text.startsWith('xn--'));
const name = fc.array(label, { minLength: 3, maxLength: 5 }).map(labels => `${labels.join('.')}.example`);
const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined });

function entry(host: string, portNumber: number | undefined, flags: AllowlistFlag[]): AllowlistEntry {
  const withPort = portNumber === undefined ? { host } : { host, port: portNumber };
  return flags.length === 0 ? withPort : { ...withPort, flags };
}
const entries = fc.oneof(
  fc.tuple(name, port, fc.subarray<AllowlistFlag>(['wide', 'private', 'sni'])).map(parts => entry(...parts)),
  fc
    .tuple(name, port, fc.subarray<AllowlistFlag>(['private', 'sni']))
    .map(([n, ...rest]) => entry(`*.${n}`, ...rest)),
  fc.tuple(fc.constantFrom('10.1.2.3', '::1', 'fe80::1'), port).map(([n, p]) => entry(n, p, ['ip'])),
  fc.constant(entry('*', undefined, ['ip', 'wide'])),
);

describe('formatAllowlist', () => {
  it('writes what parseAllowlist reads back as it was', () => {
    fc.assert(
      fc.property(fc.array(entries), list => {
        const text = formatAllowlist(list);
        expect(parseAllowlist(text)).toEqual(list);
        expect(formatAllowlist(parseAllowlist(text))).toBe(text);
      }),
    );
  });

  it('writes a text that says nobody for an empty list', () => {
    expect(formatAllowlist([])).toBe('# Nobody: an allowlist without entries denies everything.\n');
  });

  it('normalises, and drops empty and repeated flags', () => {
    const list: AllowlistEntry[] = [
      { host: 'BÜCHER.example.', flags: [] },
      { host: '127.1', flags: ['private', 'ip', 'ip'] },
    ];
    expect(formatAllowlist(list)).toBe('xn--bcher-kva.example\n127.0.0.1 ip private\n');
  });

  it.each<AllowlistEntry>([
    { host: 'a.example\nevil.example' },
    { host: 'a.example # b' },
    { host: 'a.example evil' },
    { host: 'a.example:80' },
    { host: 'a.example', port: 0 },
    { host: 'a.example', port: 1.5 },
    { host: 'a.example', port: Number.NaN },
    { host: '10.0.0.1' },
    { host: '*' },
  ])('refuses the value %j, with the line that it would have had', bad => {
    expect(() => formatAllowlist([{ host: 'good.example' }, bad])).toThrow(
      expect.objectContaining({ code: 'bad-allowlist', line: 2, column: 1 }),
    );
  });
});

describe('matchAllowlist', () => {
  const list = parseAllowlist(
    'example.com\n*.example.org\nport.example:8443\n10.0.0.1 ip private\n[::1]:99 ip\nbücher.example\n*.b.example.org private',
  );
  const allows = (host: string, portNumber = 443) => matchAllowlist(list, host, portNumber).length > 0;

  it.each([
    'example.com',
    'EXAMPLE.COM',
    'example.com.',
    'a.example.org',
    'x.y.example.org',
    'BÜCHER.example',
    '10.1',
    '0xa000001',
    '::ffff:10.0.0.1',
  ])('allows %s', host => {
    expect(allows(host)).toBe(true);
    expect(allows(host, 80)).toBe(true);
    expect(allows(host, 22)).toBe(false);
  });

  it.each([
    'evil-example.com',
    'example.com.evil.net',
    'www.example.com',
    'example.org',
    'evilexample.org',
    'example.comm',
    'xample.com',
    'example.com..',
    'example.com\0.evil.net',
    'evil.net\0example.com',
    'user@example.com',
    'evil.net#.example.org',
    'evil.net/.example.org',
    '.example.org',
    '*.example.org',
    '10.0.0.2',
    '167772162',
    '127.1',
    '',
    '.',
  ])('denies %j', host => {
    expect(allows(host)).toBe(false);
  });

  it('allows a port that was said, and then no other', () => {
    expect(allows('port.example', 8443)).toBe(true);
    expect(allows('port.example', 443)).toBe(false);
    expect(allows('[::1]', 99)).toBe(true);
    expect(allows('::1', 80)).toBe(false);
  });

  it('denies everything where nobody is allowed', () => {
    expect(matchAllowlist([], 'example.com', 443)).toEqual([]);
  });

  it('takes in every name with "*", and addresses only with "ip" too', () => {
    expect(matchAllowlist(parseAllowlist('* wide'), 'any.example', 443)).toHaveLength(1);
    expect(matchAllowlist(parseAllowlist('* wide'), '10.0.0.1', 443)).toEqual([]);
    expect(matchAllowlist(parseAllowlist('* wide ip'), '10.0.0.1', 443)).toHaveLength(1);
    expect(matchAllowlist(parseAllowlist('* wide ip'), '::1', 22)).toEqual([]);
  });

  it('gives every entry that allows, for their flags', () => {
    expect(matchAllowlist(list, 'a.b.example.org', 443)).toEqual([
      { host: '*.example.org' },
      { host: '*.b.example.org', flags: ['private'] },
    ]);
  });

  it('agrees with comparing label by label', () => {
    const few = fc.array(fc.constantFrom('a', 'b', 'aa', 'ab'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(few, few, fc.boolean(), (pattern, host, wild) => {
        const text = `${wild ? '*.' : ''}${pattern.join('.')}.example.com`;
        const tail = [...pattern, 'example', 'com'];
        const labels = [...host, 'example', 'com'];
        const isTail = tail.every((part, i) => labels[labels.length - tail.length + i] === part);
        const expected = isTail && (wild ? labels.length > tail.length : labels.length === tail.length);
        expect(matchAllowlist(parseAllowlist(text), labels.join('.'), 443).length > 0).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
