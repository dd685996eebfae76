import fc from 'fast-check';
import { MAX_SLUG_LENGTH, slugify } from './index.js';

const LEGAL = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const WINDOWS_DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)$/;

describe('slugify', () => {
  it.each([
    ['Claude', 'claude'],
    ['  My  Agent_v2! ', 'my-agent-v2'],
    ['Émile Ünïcode', 'emile-unicode'],
    ['İSTANBUL', 'istanbul'],
    ['ﬁne ①', 'fine-1'],
    ['../..', 'agent'],
    ['..hidden', 'hidden'],
    ['--rf', 'rf'],
    ['-rf /', 'rf'],
    ['', 'agent'],
    ['🤖', 'agent'],
    ['агент', 'agent'],
    ['a\0b\nc', 'a-b-c'],
    ['CON', 'con-agent'],
    ['com¹', 'com1-agent'],
    ['lpt9.txt', 'lpt9-txt'],
    ['console', 'console'],
    ['\ud800lone', 'lone'],
  ])('makes of %j the slug %j', (name, slug) => {
    expect(slugify(name)).toBe(slug);
  });

  it('cuts at 30 characters and leaves no dash there', () => {
    expect(slugify('a'.repeat(10_000))).toBe('a'.repeat(MAX_SLUG_LENGTH));
    expect(slugify(`${'a'.repeat(29)} b`)).toBe('a'.repeat(29));
  });

  it('is legal for every string, and a slug gives itself', () => {
    const names = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map(units => String.fromCharCode(...units)),
      fc.constantFrom('con', 'PRN', 'aux.', 'n u l', 'COM1', 'lpt\u00b2', '-', '.', '--'),
    );
    fc.assert(
      fc.property(names, name => {
        const slug = slugify(name);
        expect(slug).toMatch(LEGAL);
        expect(slug.length).toBeLessThanOrEqual(MAX_SLUG_LENGTH);
        expect(slug).not.toMatch(WINDOWS_DEVICES);
        expect(slugify(slug)).toBe(slug);
      }),
      { numRuns: 5_000 },
    );
  });

  it('reads no more of a name of 1 MB than can reach the slug', () => {
    const normalize = jest.spyOn(String.prototype, 'normalize');
    try {
      expect(slugify('A\u0301'.repeat(512 * 1024))).toBe('a'.repeat(MAX_SLUG_LENGTH));
      const [read] = normalize.mock.contexts;
      expect(String(read).length).toBeLessThanOrEqual(256);
    } finally {
      normalize.mockRestore();
    }
  });
});
