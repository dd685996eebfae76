import {
  type AllowlistEntry,
  type AllowlistFlag,
  formatAllowlist,
  LiveConfigError,
  parseAllowlist,
} from '@bot-bottle/live-config';
import { HOST_NAME } from '../agents/moved-service.js';
import { usageError } from '../output/errors.js';

/** One line of an allowlist. */
export interface AllowlistLine {
  readonly entry: AllowlistEntry;
  /** In its own form: the host canonical, the flags in their order, without a comment. */
  readonly line: string;
}

const FLAGS: Readonly<Record<AllowlistFlag, true>> = { ip: true, wide: true, private: true, sni: true };

/** Reads what an operator typed for one line, `HOST[:PORT] [FLAG...]`. @throws CliError `usage` */
export function parseAllowlistLine(text: string): AllowlistLine {
  refuseLoneFlag(text);
  const [entry, another] = checked(text);
  if (entry === undefined || another !== undefined || /[\r\n]/.test(text)) {
    throw usageError(`"${text}" is not usable; expected one HOST[:PORT] [FLAG...]`);
  }
  const line = formatAllowlist([entry]).trimEnd();
  if (entry.host === HOST_NAME && !entry.flags?.includes('private')) {
    throw usageError(`${HOST_NAME} is this machine, which must be said explicitly: write "${line} private"`);
  }
  return { entry, line };
}

/** A flag that the shell made a word of its own would be taken for a host of that name. @throws CliError `usage` */
export function refuseLoneFlag(text: string): void {
  if (!Object.hasOwn(FLAGS, text)) return;
  throw usageError(`"${text}" is a flag of a host; expected them in one word: "HOST[:PORT] ${text}"`);
}

function checked(text: string): AllowlistEntry[] {
  try {
    return parseAllowlist(text);
  } catch (error) {
    if (!(error instanceof LiveConfigError)) throw error;
    const why = error.problems.map(({ message }) => message).join('; ');
    throw usageError(why.startsWith(`"${text}" is `) ? why : `"${text}" is not usable: ${why}`);
  }
}
