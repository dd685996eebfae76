import fc from 'fast-check';
import { findFault } from './json-fault.js';

const DEEP = 1_000_000;

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('findFault', () => {
  it('finds a fault exactly where JSON.parse finds one, in any damaged JSON', () => {
    const signs = fc.constantFrom(
      ...'{}[]:,"\\ -+.0123456789eEtrufalsn\n\t\0\u00a0/u',
      '\u2028',
      'é',
      '\ufeff',
    );
    const damaged = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat({ max: 3 }), fc.array(signs, { maxLength: 2 }))
      .map(([json, at, cut, insert]) => {
        const place = at % (json.length + 1);
        return json.slice(0, place) + insert.join('') + json.slice(place + cut);
      });
    let broken = 0;
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: signs }), fc.json()), text => {
        const fault = findFault(text, DEEP);
        expect(fault === null).toBe(parses(text));
        if (fault === null) return;
        broken += 1;
        expect(fault.offset).toBeLessThanOrEqual(text.length);
        // All before the fault is the start of some good JSON; the sign at the fault is not.
        if (fault.offset < text.length)
          expect(findFault(text.slice(0, fault.offset + 1), DEEP)?.offset).toBe(fault.offset);
        const start = findFault(text.slice(0, fault.offset), DEEP);
        expect(start === null || start.offset <= fault.offset).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(broken).toBeGreaterThan(1_000);
  });

  it('takes strings of 1 MB, plain or all escapes', () => {
    for (const piece of ['x', String.raw`\u0041`, String.raw`\n`, '\u2028']) {
      expect(findFault(JSON.stringify('').replace('""', `"${piece.repeat(200_000)}"`), 1)).toBeNull();
      expect(findFault(`"${piece.repeat(200_000)}`, 1)?.problem).toContain('the text ends');
    }
  });

  it('counts nesting up to the limit', () => {
    expect(findFault('[[{}]]', 3)).toBeNull();
    expect(findFault('[[{}]]', 2)).toEqual({ offset: 2, problem: 'nested deeper than 2 levels' });
  });
});
