import { IdentityError, mintIdentity } from './index.js';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Gives the bytes in turn, again and again. */
function repeating(bytes: readonly number[]) {
  let at = 0;
  return (into: Uint8Array) => {
    for (let i = 0; i < into.length; i++) into[i] = bytes[at++ % bytes.length] ?? 0;
  };
}

/** The suffix that is drawn when a byte comes first and then the source goes on with zeros ("a"). */
function firstOf(byte: number): string {
  const suffix = mintIdentity('x', { random: repeating([byte, 0, 0, 0, 0, 0, 0, 0]) }).slice(2);
  expect(suffix).toHaveLength(5);
  return suffix.charAt(0);
}

describe('the suffix', () => {
  it('is unbiased: over all 256 bytes, each of the 36 characters comes up equally often', () => {
    const counts = new Map<string, number>();
    // A rejected byte leaves the zero that follows it, which is a draw of its own: count only what the byte itself gave.
    const accepted = Array.from({ length: 256 }, (_, byte) => byte).filter(
      byte => suffixLengthOf(byte) === 5,
    );
    for (const byte of accepted) counts.set(firstOf(byte), (counts.get(firstOf(byte)) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual([...ALPHABET].sort());
    expect(new Set(counts.values())).toEqual(new Set([7]));

    // The naive way, byte % 36: the first four characters come up more often.
    const naive = new Map<number, number>();
    for (let byte = 0; byte < 256; byte++) naive.set(byte % 36, (naive.get(byte % 36) ?? 0) + 1);
    expect(new Set(naive.values())).toEqual(new Set([8, 7]));
  });

  it('refuses a source that is stuck, and does not hang on it', () => {
    const stuck = () => mintIdentity('x', { random: bytes => bytes.fill(255) });
    expect(stuck).toThrow(IdentityError);
    expect(stuck).toThrow(expect.objectContaining({ code: 'bad-random' }));
  });

  it('is new at every mint', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => mintIdentity('x'))).size).toBeGreaterThan(990);
  });

  it('throws what the source throws', () => {
    const broken = () => {
      throw new RangeError('no entropy');
    };
    expect(() => mintIdentity('x', { random: broken })).toThrow(RangeError);
  });
});

/** How many characters come of one fill with the byte alone: 0 when it is rejected. */
function suffixLengthOf(byte: number): number {
  try {
    return mintIdentity('x', { random: bytes => bytes.fill(byte) }).length - 2;
  } catch {
    return 0;
  }
}
