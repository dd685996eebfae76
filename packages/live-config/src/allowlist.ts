import { LiveConfigError, type Problem } from './errors.js';
import { isAddress, normaliseHost } from './host.js';
import { suggest } from './nearest.js';
import { checkPattern, covers, formatPattern, type HostPattern, isWide, parsePattern } from './pattern.js';

const FLAGS = ['ip', 'wide', 'private', 'sni'] as const;
/** 1 MiB: some 40,000 hosts. */
export const MAX_ALLOWLIST_BYTES = 1 << 20;
const MAX_PROBLEMS = 100;
const NOBODY = '# Nobody: an allowlist without entries denies everything.\n';

/**
 * What an entry says explicitly:
 * - `ip`: the host is an IP address (needed for one; on `*` it takes in every address).
 * - `wide`: the pattern may take in unrelated owners (needed for `*` and below a public suffix: `*.com`, `*.github.io`).
 * - `private`: the name may lead to a private, loopback or link-local address.
 * - `sni`: a TLS client hello whose server name is absent or encrypted is refused, and so is what is neither TLS nor HTTP.
 */
export type AllowlistFlag = (typeof FLAGS)[number];

/** One line of the allowlist. */
export interface AllowlistEntry extends HostPattern {
  /** Undefined or empty: no flag. Parsed entries have no `flags` rather than empty ones, and no flag twice. */
  readonly flags?: readonly AllowlistFlag[];
}

/**
 * Reads an allowlist: one `HOST[:PORT] [FLAG…]` a line, `#` starts a comment, blank lines, CRLF and a byte order mark are fine.
 * A text without entries gives `[]`: nobody.
 * @throws LiveConfigError `bad-allowlist` with every problem of the text.
 */
export function parseAllowlist(text: string, options: { source?: string } = {}): AllowlistEntry[] {
  const entries: AllowlistEntry[] = [];
  const problems: Problem[] = [];
  if (Buffer.byteLength(text) > MAX_ALLOWLIST_BYTES) {
    const message = `is larger than ${MAX_ALLOWLIST_BYTES} bytes`;
    throw new LiveConfigError('bad-allowlist', [{ line: 1, column: 1, message }], options);
  }
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) {
    const words = [...line.replace(/#.*/s, '').matchAll(/[^ \t]+/g)];
    const [first, ...flags] = words;
    if (!first) continue;
    attempt(problems, index + 1, first.index + 1, () => {
      const pattern = parsePattern(first[0]);
      for (const flag of flags) {
        attempt(problems, index + 1, flag.index + 1, () => checkFlag(flag[0]));
      }
      entries.push(
        checkNeeds(
          pattern,
          flags.map(flag => flag[0]),
        ),
      );
    });
    if (problems.length >= MAX_PROBLEMS) break;
  }
  if (problems.length > 0) throw new LiveConfigError('bad-allowlist', problems, options);
  return entries;
}

/**
 * The stable text of an allowlist, which parseAllowlist reads back as it was; `[]` gives a text that says nobody.
 * @throws LiveConfigError `bad-allowlist`, its lines being those that the entries would have had.
 */
export function formatAllowlist(entries: readonly AllowlistEntry[]): string {
  const lines: string[] = [];
  const problems: Problem[] = [];
  for (const [index, entry] of entries.entries()) {
    attempt(problems, index + 1, 1, () => {
      const flags = entry.flags ?? [];
      for (const flag of flags) checkFlag(flag);
      const checked = checkNeeds(checkPattern(entry), flags);
      lines.push([formatPattern(checked), ...(checked.flags ?? [])].join(' '));
    });
  }
  if (problems.length > 0) throw new LiveConfigError('bad-allowlist', problems);
  return lines.length === 0 ? NOBODY : `${lines.join('\n')}\n`;
}

/**
 * The entries that allow a connection to this host (in any notation) and port; none: it is denied. A host that is not legal
 * is denied. The flags of all of them count: `private` on one is enough, and so is `sni`.
 */
export function matchAllowlist(
  entries: readonly AllowlistEntry[],
  host: string,
  port: number,
): AllowlistEntry[] {
  let canonical: string;
  try {
    canonical = normaliseHost(host);
  } catch {
    return [];
  }
  const anyAddress = (entry: AllowlistEntry) =>
    entry.host === '*' && isAddress(canonical) && (entry.flags?.includes('ip') ?? false);
  return entries.filter(entry =>
    covers(anyAddress(entry) ? { ...entry, host: canonical } : entry, canonical, port),
  );
}

function checkFlag(word: string): void {
  if (!isFlag(word)) throw bad(`unknown flag "${word.slice(0, 40)}"${suggest(word, FLAGS)}`);
}

function isFlag(word: string): word is AllowlistFlag {
  return (FLAGS as readonly string[]).includes(word);
}

function checkNeeds(pattern: HostPattern, words: readonly string[]): AllowlistEntry {
  const shown = formatPattern(pattern);
  if (isAddress(pattern.host) && !words.includes('ip')) {
    throw bad(`an IP address must be said explicitly: write "${shown} ip"`);
  }
  if (words.includes('ip') && !isAddress(pattern.host) && pattern.host !== '*') {
    throw bad(`the flag "ip" is for IP addresses, and ${shown} is a name`);
  }
  if (isWide(pattern.host) && !words.includes('wide')) {
    throw bad(`${shown} takes in many unrelated owners: write "${shown} wide" if that is meant`);
  }
  const flags = FLAGS.filter(flag => words.includes(flag));
  return flags.length === 0 ? pattern : { ...pattern, flags };
}

function attempt(problems: Problem[], line: number, column: number, check: () => void): void {
  if (problems.length >= MAX_PROBLEMS) return;
  try {
    check();
  } catch (error) {
    if (!(error instanceof LiveConfigError)) throw error;
    problems.push({ line, column, message: error.message });
  }
}

function bad(message: string): LiveConfigError {
  return new LiveConfigError('bad-allowlist', message);
}
