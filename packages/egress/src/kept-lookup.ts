import type { Lookup } from './origin.js';

/** Milliseconds: long enough for a program that opens many connections at once, too short to miss that an address has changed. */
const KEPT_MS = 2000;
/** Names are free where an entry has a wildcard. */
const MAX_NAMES = 1024;

/**
 * Asks for a name once where several want it within two seconds: the system's resolver takes a thread and reads its files each
 * time. What could not be found is asked for again. Every connection judges the addresses by itself.
 */
export function keptLookup(lookup: Lookup, now: () => number = () => performance.now()): Lookup {
  const kept = new Map<string, { readonly answer: ReturnType<Lookup>; readonly until: number }>();
  return (name, options) => {
    const known = kept.get(name);
    if (known && now() < known.until) return known.answer;
    const answer = lookup(name, options);
    if (kept.size >= MAX_NAMES) kept.clear();
    kept.set(name, { answer, until: now() + KEPT_MS });
    answer.catch(() => kept.delete(name));
    return answer;
  };
}
