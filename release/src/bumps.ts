import type { ApiChanges } from './api-changes.ts';

const STEPS = ['none', 'patch', 'minor', 'major'] as const;
export type Bump = (typeof STEPS)[number];

/** The first number that differs; `none` where none does. */
export function bumpBetween(before: string, after: string): Bump {
  const [from, to] = [before, after].map(version => version.split('.').map(Number));
  const at = from?.findIndex((number, index) => number !== to?.[index]) ?? -1;
  return at === -1 ? 'none' : ((['major', 'minor', 'patch'] as const)[at] ?? 'none');
}

/**
 * What a change needs at least, by https://semver.org and by what npm's `^` lets through: below 1.0 a minor number already leaves
 * everybody's range, and so tells of what breaks.
 */
export function neededBump({ breaking, added }: ApiChanges, before: string): Bump {
  const early = before.startsWith('0.');
  if (breaking.length > 0) return early ? 'minor' : 'major';
  if (added.length > 0) return early ? 'patch' : 'minor';
  return 'none';
}

export function isEnough(bump: Bump, needed: Bump): boolean {
  return STEPS.indexOf(bump) >= STEPS.indexOf(needed);
}
