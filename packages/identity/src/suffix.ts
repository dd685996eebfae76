import { IdentityError } from './errors.js';

/** Fills all of `bytes`, as `crypto.getRandomValues` does. */
export type RandomSource = (bytes: Uint8Array) => void;

export const SUFFIX_LENGTH = 5;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The largest multiple of 36 within a byte. A byte from here on is drawn again: `byte % 36` alone favours a, b, c, d. */
const UNBIASED = 256 - (256 % ALPHABET.length);

/** Bytes asked for at once: three to spare, so that one draw in 240,000 needs a second. */
const DRAW = 8;

/** By chance this never happens: a source that fails 64 draws is stuck, and a loop without end would hang. */
const MOST_DRAWS = 64;

// Typed here so that neither DOM nor Node types are needed: every browser, worker and Node has it.
const platform = globalThis as unknown as { crypto: { getRandomValues(bytes: Uint8Array): unknown } };

/** A call costs more than its bytes do, so one call serves many suffixes. No byte is given twice. */
const pool = new Uint8Array(128 * DRAW);
let given = pool.length;

const platformRandom: RandomSource = bytes => {
  if (given === pool.length) {
    platform.crypto.getRandomValues(pool);
    given = 0;
  }
  bytes.set(pool.subarray(given, given + DRAW));
  given += DRAW;
};

/** @throws {IdentityError} `bad-random` when the source yields only bytes that must be rejected */
export function randomSuffix(random: RandomSource = platformRandom): string {
  const bytes = new Uint8Array(DRAW);
  let suffix = '';
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    random(bytes);
    for (const byte of bytes) {
      if (byte < UNBIASED) suffix += ALPHABET.charAt(byte % ALPHABET.length);
      if (suffix.length === SUFFIX_LENGTH) return suffix;
    }
  }
  throw new IdentityError(
    'bad-random',
    `the random source gave only bytes of ${UNBIASED} or more in ${MOST_DRAWS} draws; expected crypto.getRandomValues`,
  );
}
