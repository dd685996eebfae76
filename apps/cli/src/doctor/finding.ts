import { messageOf } from '../thrown.js';

/** The outcome of one check, as `doctor --json` prints it. */
export interface Finding {
  readonly check: string;
  /** `warn`: it works, but somebody should look. */
  readonly level: 'ok' | 'warn' | 'fail';
  readonly fact: string;
  /** What to type. */
  readonly try: string | null;
}

export function ok(check: string, fact: string): Finding {
  return { check, level: 'ok', fact, try: null };
}

export function warn(check: string, fact: string, remedy: string | null = null): Finding {
  return { check, level: 'warn', fact, try: remedy };
}

export function fail(check: string, fact: string, remedy: string | null = null): Finding {
  return { check, level: 'fail', fact, try: remedy };
}

/** A check that could not be made. */
export function failure(check: string, error: unknown): Finding {
  return fail(check, messageOf(error));
}
