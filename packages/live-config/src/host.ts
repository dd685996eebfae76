import { isIP, isIPv6 } from 'node:net';
import { LiveConfigError } from './errors.js';

const MAX_NAME = 253; // RFC 1035, section 2.3.4, without the trailing dot
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
const FOREIGN_ASCII = /[^A-Za-z0-9._\-\u0080-\u{10ffff}]/u;

/**
 * The one canonical form of a host: a name in lower case, in Punycode, without the trailing dot; or an IP address: dotted
 * decimal for IPv4 in any notation that the WHATWG URL standard reads (`127.1`, `0x7f.0.0.1`, `2130706433`) and for
 * IPv4-mapped IPv6, else RFC 5952 without brackets. Two texts that a browser would send to one host have one form.
 * @throws LiveConfigError `bad-host` for everything else: empty, NUL, space, user-info, port, path, percent-escape,
 * empty label, a label over 63 or a name over 253 characters, an IPv6 zone.
 */
export function normaliseHost(text: string): string {
  if (text === '') throw bad(text, 'is empty');
  if (text.length > 4 * MAX_NAME) throw bad(text, `is longer than ${MAX_NAME} characters`);
  if (text.startsWith('[') || text.includes(':')) return normaliseIPv6(text);
  const foreign = FOREIGN_ASCII.exec(text);
  if (foreign) throw bad(text, `holds ${JSON.stringify(foreign[0])}, which no host name does`);
  const name = domainToAscii(text).replace(/\.$/, '');
  if (isIP(name)) return name;
  if (name.length > MAX_NAME) throw bad(text, `is longer than ${MAX_NAME} characters`);
  for (const label of name.split('.')) {
    if (label === '') throw bad(text, 'holds an empty label');
    if (label.length > 63) throw bad(text, 'holds a label of more than 63 characters');
    if (!LABEL.test(label)) throw bad(text, `holds the label ${JSON.stringify(label)}, which is not legal`);
  }
  return name;
}

/** True for the canonical form of an IPv4 or IPv6 address. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}

function domainToAscii(text: string): string {
  // The URL parser does what a browser does: UTS 46 mapping, Punycode, and the odd notations of IPv4. It is not asked through
  // URL.canParse, which on Node 22 reads Latin-1 as UTF-8 once it is compiled (seen on 22.23, after 3,000 calls).
  try {
    return new URL(`http://${text}/`).hostname;
  } catch {
    throw bad(text, 'is neither a host name nor an IP address');
  }
}

function normaliseIPv6(text: string): string {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare.includes('%') || !isIPv6(bare)) throw bad(text, 'is not an IPv6 address');
  const canonical = new URL(`http://[${bare}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonical);
  if (!mapped) return canonical;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function bad(text: string, why: string): LiveConfigError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new LiveConfigError('bad-host', `the host ${JSON.stringify(shown)} ${why}`);
}
