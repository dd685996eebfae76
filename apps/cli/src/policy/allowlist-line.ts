import {
  type AllowlistEntry,
  formatAllowlist,
  LiveConfigError,
  parseAllowlist,
} from '@bot-bottle/live-config';
import { usageError } from '../output/errors.js';

/** One line of an allowlist. */
export interface AllowlistLine {
  readonly entry: AllowlistEntry;
  /** In its own form: the host canonical, the flags in their order, without a comment. */
  readonly line: string;
}

/** Reads what an operator typed for one line, `HOST[:PORT] [FLAG…]`. @throws CliError `usage` */
export function parseAllowlistLine(text: string): AllowlistLine {
  const [entry, another] = checked(text);
  if (entry === undefined || another !== undefined || /[\r\n]/.test(text)) {
    throw usageError(`"${text}" is not usable; expected one HOST[:PORT] [FLAG…]`);
  }
  return { entry, line: formatAllowlist([entry]).trimEnd() };
}

function checked(text: string): AllowlistEntry[] {
  try {
    return parseAllowlist(text);
  } catch (error) {
    if (!(error instanceof LiveConfigError)) throw error;
    throw usageError(`"${text}" is not usable: ${error.problems.map(({ message }) => message).join('; ')}`);
  }
}
