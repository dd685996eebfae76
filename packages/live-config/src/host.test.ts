import { isIP } from 'node:net';
import fc from 'fast-check';
import { LiveConfigError } from './errors.js';
import { isAddress, normaliseHost } from './host.js';

const same: [text: string, canonical: string][] = [
  ['EXAMPLE.com', 'example.com'],
  ['example.com.', 'example.com'],
  ['localhost', 'localhost'],
  ['_dmarc.example.com', '_dmarc.example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['BÜCHER.example', 'xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['XN--BCHER-KVA.EXAMPLE', 'xn--bcher-kva.example'],
  ['ｅｘａｍｐｌｅ．ｃｏｍ', 'example.com'],
  ['example。com', 'example.com'],
  ['ex\u00adample.com', 'example.com'],
  ['127.0.0.1', '127.0.0.1'],
  ['127.0.0.1.', '127.0.0.1'],
  ['127.1', '127.0.0.1'],
  ['127.0.1', '127.0.0.1'],
  ['2130706433', '127.0.0.1'],
  ['0x7f000001', '127.0.0.1'],
  ['0x7f.0.0.1', '127.0.0.1'],
  ['0X7F.1', '127.0.0.1'],
  ['0177.0.0.1', '127.0.0.1'],
  ['017700000001', '127.0.0.1'],
  ['１２７.０.０.１', '127.0.0.1'],
  ['①②⑦.0.0.1', '127.0.0.1'],
  ['0', '0.0.0.0'],
  ['[::1]', '::1'],
  ['::1', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['[2001:DB8::0:1]', '2001:db8::1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['[::ffff:7f00:1]', '127.0.0.1'],
  ['::FFFF:A9FE:A9FE', '169.254.169.254'],
  ['0:0:0:0:0:ffff:0808:0808', '8.8.8.8'],
];

const refused: [text: string, why: string][] = [
  ['', 'empty'],
  ['.', 'empty label'],
  ['example..com', 'empty label'],
  ['.example.com', 'empty label'],
  ['example.com..', 'empty label'],
  ['exam\0ple.com', 'NUL'],
  ['example.com\0.evil.net', 'NUL'],
  ['example.com\n', 'line break'],
  ['example.com\u2028evil.net', 'line separator'],
  [' example.com', 'space'],
  ['example com', 'space'],
  ['example\u3000com', 'wide space'],
  ['user@example.com', 'user-info'],
  ['example.com/path', 'path'],
  ['example.com\\path', 'backslash'],
  ['example.com?q', 'query'],
  ['example.com#f', 'fragment'],
  ['exa%6dple.com', 'percent-escape'],
  ['example.com:443', 'port'],
  ['*.example.com', 'pattern'],
  ['℀.example.com', 'a/c by mapping'],
  ['-example.com', 'leading hyphen'],
  ['example-.com', 'trailing hyphen'],
  ['xn--\u00fc.example', 'broken Punycode'],
  [`${'a'.repeat(64)}.example`, 'label of 64'],
  [`${'a.'.repeat(127)}aa`, 'name of 256'],
  ['a'.repeat(1_000_000), '1 MB'],
  ['256.256.256.256', 'no IPv4 address'],
  ['1.2.3.4.5', 'no IPv4 address'],
  ['example.0x7', 'ends like an IPv4 address'],
  ['example.99', 'ends like an IPv4 address'],
  ['08.0.0.1', 'no octal'],
  ['[::1', 'bracket'],
  ['[::1]]', 'bracket'],
  ['[127.0.0.1]', 'brackets are for IPv6'],
  ['fe80::1%eth0', 'zone'],
  ['[fe80::1%25eth0]', 'zone'],
  ['::1::2', 'no IPv6 address'],
  ['\ud800.example', 'lone surrogate'],
];

function outcome(text: string): string {
  try {
    return normaliseHost(text);
  } catch (error) {
    return error instanceof LiveConfigError ? error.code : String(error);
  }
}

describe('normaliseHost', () => {
  it.each(same)('gives %j the form %s', (text, canonical) => {
    expect(normaliseHost(text)).toBe(canonical);
  });

  it.each(refused.map(([text, why]) => [text.slice(0, 40), why, text]))(
    'refuses %j (%s)',
    (_, _why, text) => {
      expect(() => normaliseHost(text)).toThrow(expect.objectContaining({ code: 'bad-host' }));
    },
  );

  it('says the same of a short name outside ASCII however often it is asked', () => {
    // URL.canParse does not on Node 22: once compiled it reads Latin-1 as UTF-8, where the second text is a legal U+2800.
    const answers = { legal: new Set<string>(), illegal: new Set<string>() };
    for (let count = 0; count < 20_000; count++) answers.legal.add(outcome('ø.dk'));
    for (let count = 0; count < 20_000; count++) answers.illegal.add(outcome('â\u00a0\u0080'));
    expect(answers).toEqual({ legal: new Set(['xn--pda.dk']), illegal: new Set(['bad-host']) });
  });

  it('gives every text that it takes a form that it takes as it is', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.domain(),
      fc.webAuthority(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.string({
        unit: fc.constantFrom('a', 'Z', '.', '0', 'x', '7', '-', 'ß', '。', '١', ':', 'f', '[', ']'),
      }),
    );
    fc.assert(
      fc.property(texts, text => {
        let host: string;
        try {
          host = normaliseHost(text);
        } catch (error) {
          expect(error).toBeInstanceOf(LiveConfigError);
          return;
        }
        expect(host).toMatch(
          /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$|:/,
        );
        expect(host.length).toBeLessThanOrEqual(253);
        expect(normaliseHost(host)).toBe(host);
        expect(isAddress(host)).toBe(isIP(host) !== 0);
      }),
      { numRuns: 3000 },
    );
  });

  it('gives an IPv4 address one form in every notation', () => {
    const base = (n: number) => fc.constantFrom(String(n), `0x${n.toString(16)}`, `0${n.toString(8)}`);
    const notation = fc.integer({ min: 0, max: 2 ** 32 - 1 }).chain(n => {
      const [a, b, c, d] = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
      const forms = [[n], [a, n & 0xffffff], [a, b, n & 0xffff], [a, b, c, d]];
      const dotted = fc
        .constantFrom(...forms)
        .chain(parts => fc.tuple(...parts.map(base)).map(p => p.join('.')));
      const mapped = fc.constantFrom(
        `::ffff:${a}.${b}.${c}.${d}`,
        `[::ffff:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}]`,
      );
      return fc.tuple(fc.oneof(dotted, mapped), fc.constant(`${a}.${b}.${c}.${d}`));
    });
    fc.assert(
      fc.property(notation, ([text, canonical]) => expect(normaliseHost(text)).toBe(canonical)),
      { numRuns: 1000 },
    );
  });
});
