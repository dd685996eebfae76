import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describeWith } from '@bot-bottle/test-kit';
import fc from 'fast-check';
import { matchAllowlist, parseAllowlist } from '../src/allowlist.js';
import { LiveConfigError } from '../src/errors.js';
import { normaliseHost } from '../src/host.js';

/** The seed is fixed: the two sides follow different versions of Unicode, and a new difference should not stop a release. */
const SEED = 29;
const RUNS = 3000;

function ours(text: string): string | null {
  try {
    return normaliseHost(text);
  } catch (error) {
    if (error instanceof LiveConfigError && error.code === 'bad-host') return null;
    throw error;
  }
}

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9_-]{0,6}[a-z0-9])?$/);
const letters = fc.string({
  unit: fc.constantFrom(...'abzABZ09-_éÉßςΣяЯñÑöÖøØłŁ東京ไท\u0301'),
  minLength: 1,
  maxLength: 8,
});
const dot = fc.constantFrom('.', '.', '.', '。', '．', '｡');
const joined = (part: fc.Arbitrary<string>) =>
  fc
    .tuple(
      fc.array(
        fc.tuple(part, dot).map(p => p.join('')),
        { maxLength: 4 },
      ),
      part,
      fc.constantFrom('', '', '.', '..'),
    )
    .map(([before, last, end]) => `${before.join('')}${last}${end}`);
const number = fc
  .oneof(
    fc.nat(300),
    fc.constantFrom(0, 255, 256, 65535, 65536, 2 ** 24, 2 ** 32 - 1, 2 ** 32),
    fc.nat(2 ** 32 - 1),
  )
  .chain(n =>
    fc.constantFrom(
      `${n}`,
      `0x${n.toString(16)}`,
      `0X${n.toString(16).toUpperCase()}`,
      `0${n.toString(8)}`,
      `00${n}`,
    ),
  );
/** The same text in fullwidth forms, which UTS 46 maps back. */
const fullwidth = (text: string) =>
  text.replace(/[!-~]/g, c => String.fromCharCode(c.charCodeAt(0) + 0xfee0));
const addresses = fc.oneof(
  joined(number),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.ipV6().map(ip => `[${ip}]`),
);
/** What a client could reasonably take for a host. */
const plain = fc.oneof(
  fc.domain(),
  joined(label),
  joined(letters),
  addresses,
  fc.oneof(joined(label), joined(number)).map(fullwidth),
);
const anything = fc.oneof(
  plain,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  joined(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 })),
  joined(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }).map(text => `xn--${text}`)),
);

const few = fc.constantFrom(
  'a.example',
  'b.a.example',
  'evil-a.example',
  'xn--bcher-kva.example',
  'a.example.net',
  'example',
);
const patterns = fc.oneof(
  few.map(name => `${name} wide`),
  few.map(name => `*.${name} wide`),
  fc.constantFrom(
    '* wide',
    '* wide ip',
    '10.0.0.1 ip',
    '0xa.1 ip',
    '[::1] ip',
    '[::ffff:10.0.0.1] ip',
    'BÜCHER.example.',
  ),
);
const allowlist = fc.array(
  fc
    .tuple(patterns, fc.constantFrom('', '', ':8443', ':22'))
    .map(([pattern, port]) => pattern.replace(/(?= |$)/, port)),
  { minLength: 1, maxLength: 4 },
);
/** A host that an entry names, or nearly. */
const attempt = fc
  .tuple(
    fc.constantFrom('', '', '', '', 'x.', 'x.y.', 'evil-', '.', '*.', 'user@', 'a.example.', 'a.example\0'),
    fc.oneof(
      few,
      fc.constantFrom(
        'bücher.example',
        'BÜCHER。EXAMPLE',
        '10.1',
        '012.1',
        '167772161',
        '[::1]',
        '0::1',
        '::FFFF:a00:1',
      ),
    ),
    fc.constantFrom('', '', '', '', '.', '..', '.evil.net', ':443', '/', '\0', '\n', '%2eevil', '。'),
  )
  .map(parts => parts.join(''));

describeWith('python3', 'A host, beside libidn2, inet_aton and ipaddress', () => {
  let oracle: ChildProcessWithoutNullStreams;
  let ask: (request: object) => Promise<unknown>;

  beforeAll(() => {
    oracle = spawn('python3', [join(__dirname, 'host_oracle.py')]);
    oracle.stderr.pipe(process.stderr);
    const answers = createInterface(oracle.stdout)[Symbol.asyncIterator]();
    ask = async request => {
      oracle.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await answers.next();
      if (done) throw new Error('the oracle ended');
      return JSON.parse(value);
    };
  });

  afterAll(() => oracle.stdin.end());

  it('is never one host here and another there', async () => {
    let both = 0;
    await fc.assert(
      fc.asyncProperty(anything, async text => {
        const [mine, theirs] = [ours(text), await ask({ host: text })];
        if (mine === null || theirs === null || text.includes('ẞ')) return; // Unicode 15.1 maps it otherwise than 15.0
        both += 1;
        expect(mine).toBe(theirs);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(both).toBeGreaterThan(RUNS / 10);
  });

  it('is let out exactly where they read an entry that names it', async () => {
    const answers = { true: 0, false: 0 };
    await fc.assert(
      fc.asyncProperty(
        allowlist,
        attempt,
        fc.constantFrom(80, 443, 443, 22, 8443),
        async (lines, host, port) => {
          const mine = matchAllowlist(parseAllowlist(lines.join('\n')), host, port).length > 0;
          answers[`${mine}`] += 1;
          expect(mine).toBe(await ask({ allowlist: lines, host, port }));
        },
      ),
      { numRuns: 2 * RUNS, seed: SEED },
    );
    expect(Math.min(answers.true, answers.false)).toBeGreaterThan(RUNS / 20);
  });

  it('is taken here where it is plain and they take it', async () => {
    await fc.assert(
      fc.asyncProperty(plain, async text => {
        const theirs = await ask({ host: text });
        if (theirs !== null) expect(ours(text)).toBe(theirs);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
