import { getPublicSuffix } from 'tldts';
import { LiveConfigError } from './errors.js';
import { isAddress, normaliseHost } from './host.js';

/** A host or hosts, and the ports, that an entry or a route is about. */
export interface HostPattern {
  /** Canonical: `example.com` (that name alone), `*.example.com` (its subdomains, not itself), `*` (every name), or an IP address. */
  readonly host: string;
  /** 1 to 65535; undefined: the ports 80 and 443. */
  readonly port?: number;
}

const DEFAULT_PORTS = [80, 443];

/** Reads `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT`. @throws LiveConfigError `bad-host` */
export function parsePattern(text: string): HostPattern {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw bad(text, 'is a URL: write its host alone');
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(text);
  if (!match || (match[2]?.includes(':') ?? false)) {
    throw bad(text, 'holds several colons: write an IPv6 address in brackets, like [::1]');
  }
  const host = canonicalPattern(match[1] ?? '');
  return match[2] === undefined ? { host } : { host, port: parsePort(match[2]) };
}

/** The text that parsePattern reads; the pattern must be canonical. */
export function formatPattern({ host, port }: HostPattern): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return port === undefined ? shown : `${shown}:${port}`;
}

/** Checks a pattern that was not parsed from text. @throws LiveConfigError `bad-host` */
export function checkPattern({ host, port }: HostPattern): HostPattern {
  const canonical = canonicalPattern(host);
  return port === undefined ? { host: canonical } : { host: canonical, port: parsePort(String(port)) };
}

/**
 * True where a pattern takes in names of many unrelated owners: `*`, or all below a public suffix like `com`, `co.uk`,
 * `github.io` (publicsuffix.org, its private section too), or below a single label.
 */
export function isWide(host: string): boolean {
  if (host === '*') return true;
  if (!host.startsWith('*.')) return false;
  const parent = host.slice(2);
  const options = { allowPrivateDomains: true, extractHostname: false, validateHostname: false };
  return getPublicSuffix(parent, options) === parent;
}

/** Whether a canonical pattern covers a canonical host; `*` and `*.` patterns never cover an IP address. */
export function covers(pattern: HostPattern, host: string, port: number): boolean {
  if (!(pattern.port === undefined ? DEFAULT_PORTS.includes(port) : pattern.port === port)) return false;
  if (pattern.host === host) return true;
  if (isAddress(host)) return false;
  return pattern.host === '*' || (pattern.host.startsWith('*.') && host.endsWith(pattern.host.slice(1)));
}

function canonicalPattern(host: string): string {
  if (host === '*') return host;
  const wild = host.startsWith('*.');
  const name = wild ? host.slice(2) : host;
  if (name.includes('*')) throw bad(host, 'may hold "*" only as its whole first label, like *.example.com');
  const canonical = normaliseHost(name);
  if (wild && isAddress(canonical)) throw bad(host, 'is no pattern: an IP address has no subdomains');
  return wild ? `*.${canonical}` : canonical;
}

function parsePort(text: string): number {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new LiveConfigError('bad-host', `the port ${JSON.stringify(text.slice(0, 20))} is not 1 to 65535`);
  }
  return port;
}

function bad(text: string, why: string): LiveConfigError {
  return new LiveConfigError('bad-host', `${JSON.stringify(text.slice(0, 80))} ${why}`);
}
