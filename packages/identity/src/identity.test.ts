import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  composeProjectOf,
  type Identity,
  IdentityError,
  isIdentity,
  MAX_IDENTITY_LENGTH,
  mintIdentity,
  parseIdentity,
  splitIdentity,
} from './index.js';

const longest = `${'a'.repeat(MAX_IDENTITY_LENGTH - 6)}-abcde`;

describe('an identity', () => {
  it('is read back as it was minted, and splits into its two halves', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), name => {
        const identity = mintIdentity(name);
        expect(parseIdentity(identity)).toBe(identity);
        const { slug, suffix } = splitIdentity(identity);
        expect(`${slug}-${suffix}`).toBe(identity);
        expect(suffix).toMatch(/^[a-z0-9]{5}$/);
      }),
    );
  });

  it.each(['claude-x7k2m', 'a-00000', 'my-agent-v2-abcde', 'con-agent-12345', longest])('may be %s', text => {
    expect(isIdentity(text)).toBe(true);
  });

  // FAULTS row 24.
  it.each([
    '',
    '.',
    '..',
    '../claude-x7k2m',
    'claude-x7k2m/..',
    'a/b-abcde',
    'a\\b-abcde',
    'claude-x7k2m\0',
    'claude-x7k2m\n',
    '\nclaude-x7k2m',
    ' claude-x7k2m',
    'Claude-x7k2m',
    'claude-X7K2M',
    '-rf',
    '-rf-abcde',
    '--help-abcde',
    '.claude-x7k2m',
    'claude-x7k2m.',
    'claude_x7k2m',
    'claude',
    'claude-x7k2',
    'claude--x7k2',
    '-x7k2m',
    'аgent-x7k2m', // a Cyrillic first letter
    'agent-x7k2\uff4d', // a full-width last letter
    'agent-١٢٣٤٥',
    '\u212aelvin-abcde', // the Kelvin sign, which folds to k under the i and u flags
    `a${longest}`,
    '__proto__',
    'constructor',
  ])('is never %j', text => {
    expect(isIdentity(text)).toBe(false);
    expect(() => parseIdentity(text)).toThrow(IdentityError);
  });

  it.each([
    [null],
    [undefined],
    [7],
    [['claude-x7k2m']],
    [{ toString: () => 'claude-x7k2m' }],
    [new String('a-abcde')],
  ])('is text, not %p', value => {
    expect(isIdentity(value)).toBe(false);
    expect(() => parseIdentity(value as never)).toThrow(IdentityError);
  });

  it('accepts of random text exactly one safe segment of that form', () => {
    const near = fc.string({
      unit: fc.constantFrom('a', 'z', '0', '9', '-', '.', '/', 'A', '\n', '\0', 'é'),
      maxLength: 70,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          near,
          fc.tuple(near, near).map(parts => parts.join('-abcde')),
        ),
        text => {
          const legal =
            [...text].every(c => 'abcdefghijklmnopqrstuvwxyz0123456789-'.includes(c)) &&
            !text.startsWith('-') &&
            text.length <= MAX_IDENTITY_LENGTH &&
            text.at(-6) === '-' &&
            text.length > 6 &&
            text.at(-7) !== '-' &&
            !text.slice(-5).includes('-');
          expect(isIdentity(text)).toBe(legal);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('is refused with a code and one short printable line, however long or wild the text', () => {
    for (const text of ['\u001b[2J\u202e', '\0'.repeat(1024 * 1024), 'x'.repeat(1024 * 1024)]) {
      expect.assertions(6);
      try {
        parseIdentity(text);
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-identity', name: 'IdentityError' });
        expect((error as Error).message).toMatch(/^[ -~…]{1,800}$/);
      }
    }
  });
});

describe('every name made from an identity is legal', () => {
  const minted = fc.string({ unit: 'binary' }).map(name => mintIdentity(name));
  const longSidecar = 'supervise';

  it('as a DNS label and host name (RFC 1123: letters, digits, inner dashes, 63)', () => {
    fc.assert(
      fc.property(minted, identity => {
        expect(identity).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
        expect(`bot-bottle-${identity}-${longSidecar}-1`.length).toBeLessThanOrEqual(63);
      }),
    );
  });

  it('as a Compose project, also when the identity is the longest of the older tool', () => {
    fc.assert(
      fc.property(fc.oneof(minted, fc.constant(longest as Identity)), identity => {
        expect(composeProjectOf(identity)).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
        expect(composeProjectOf(identity)).toBe(`bot-bottle-${identity}`);
      }),
    );
  });

  it('as a container and network name (Docker: [a-zA-Z0-9][a-zA-Z0-9_.-]+)', () => {
    fc.assert(
      fc.property(minted, identity => {
        for (const name of [
          `${composeProjectOf(identity)}_default`,
          `${composeProjectOf(identity)}-agent-1`,
        ]) {
          expect(name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
        }
      }),
    );
  });

  it('as an image (OCI distribution: lower-case components, single separators or a run of dashes)', () => {
    fc.assert(
      fc.property(fc.oneof(minted, fc.constant(longest as Identity)), identity => {
        const image = `bot-bottle-rebuilt-${identity}:latest`;
        expect(image).toMatch(/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/);
        expect(image.length).toBeLessThanOrEqual(255);
      }),
    );
  });

  it('refuses to make one of what a cast let through', () => {
    expect(() => composeProjectOf('../x' as Identity)).toThrow(IdentityError);
    expect(() => splitIdentity('x' as Identity)).toThrow(IdentityError);
  });
});

describe('the package', () => {
  it('asks no DOM and no Node types of who compiles against it', () => {
    const types = readFileSync(join(__dirname, '../dist/index.d.ts'), 'utf8');
    expect(types).toContain('mintIdentity');
    expect(types).not.toMatch(/reference types|NodeJS|\bCrypto\b/);
  });
});
