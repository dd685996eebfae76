import { formatAge, formatBytes } from './format.js';
import { nearest } from './nearest.js';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [10 * 1024, '10 KiB'],
    [120 * 1024 ** 2, '120 MiB'],
    [3 * 1024 ** 5, '3072 TiB'],
  ])('shows %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatAge', () => {
  const now = new Date('2026-03-01T12:00:00Z');

  it.each([
    ['2026-03-01T12:00:00Z', '0s'],
    ['2026-03-01T11:59:01Z', '59s'],
    ['2026-03-01T11:58:59Z', '1m'],
    ['2026-03-01T09:00:00+00:00', '3h'],
    ['2026-01-19T12:00:00Z', '41d'],
    ['2027-01-01T00:00:00Z', '-'],
    ['yesterday', '-'],
    ['', '-'],
  ])('shows the age of what started at %s as %s', (started, text) => {
    expect(formatAge(started, now)).toBe(text);
  });
});

describe('nearest', () => {
  const known = ['agents', 'backend', 'backends', 'limits'];

  it('finds a missing, a doubled, a wrong and a swapped letter', () => {
    expect(nearest('agent', known)).toBe('agents');
    expect(nearest('limmits', known)).toBe('limits');
    expect(nearest('backand', known)).toBe('backend');
    expect(nearest('limist', known)).toBe('limits');
  });

  it('says nothing rather than something far-fetched', () => {
    expect(nearest('network', known)).toBeUndefined();
    expect(nearest('', known)).toBeUndefined();
  });
});
