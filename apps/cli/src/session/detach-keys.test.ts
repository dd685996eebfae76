import fc from 'fast-check';
import { DEFAULT_DETACH_KEYS, DetachScanner, parseDetachKeys } from './detach-keys.js';

describe('the detach keys', () => {
  it.each([
    [DEFAULT_DETACH_KEYS, [16, 17]],
    ['ctrl-a,d', [1, 100]],
    ['ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_', [0, 27, 28, 29, 30, 31]],
    ['', []],
  ])('%j are read as Docker reads them', (text, bytes) => {
    expect([...parseDetachKeys(text)]).toEqual(bytes);
  });

  it.each(['ctrl-', 'ctrl-ab', 'ctrl-1', 'xy', 'ctrl-p,', ','])('%j are refused', text => {
    expect(() => parseDetachKeys(text)).toThrow(expect.objectContaining({ code: 'bad-detach-keys' }));
  });

  it('detach as soon as the sequence is typed, however the keys arrive, and change no other input', () => {
    const key = fc.constantFrom(1, 2, 3);
    const sequence = fc.array(key, { minLength: 1, maxLength: 4 });
    const typed = fc.array(key, { maxLength: 30 });
    fc.assert(
      fc.property(sequence, typed, fc.nat(5), (keys, bytes, step) => {
        const at = indexOf(bytes, keys);
        const scanner = new DetachScanner(Uint8Array.from(keys));
        const input: number[] = [];
        let detached = false;
        for (let start = 0; start < bytes.length && !detached; start += step + 1) {
          const result = scanner.scan(Uint8Array.from(bytes.slice(start, start + step + 1)));
          input.push(...result.input);
          detached = result.detached;
        }
        expect(detached).toBe(at >= 0);
        if (detached) {
          expect(input).toEqual(bytes.slice(0, at));
        } else {
          // Nothing is lost: what is still held back begins the sequence.
          expect(bytes.slice(0, input.length)).toEqual(input);
          expect(keys.slice(0, bytes.length - input.length)).toEqual(bytes.slice(input.length));
        }
      }),
    );
  });

  it('never detach when there are none', () => {
    expect(new DetachScanner(parseDetachKeys('')).scan(Uint8Array.from([16, 17]))).toEqual({
      input: Uint8Array.from([16, 17]),
      detached: false,
    });
  });
});

function indexOf(bytes: readonly number[], keys: readonly number[]): number {
  return bytes.findIndex((_, start) => keys.every((key, index) => bytes[start + index] === key));
}
