import { valuesOf } from './headers.js';
import { canonicalHost } from './policy.js';
import type { HttpTarget, Target } from './target.js';

/** What Node's parser made of the head of a request. */
export interface RequestHead {
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
}

export interface RequestTarget {
  readonly target: HttpTarget;
  /** As sent, without the query: what is judged and recorded. */
  readonly path: string;
  /** As sent, with the query: what the origin is asked for. */
  readonly pathAndQuery: string;
}

/** A request that nobody is asked. */
export interface NoTarget {
  readonly rule: 'malformed' | 'host-mismatch';
  /** What it named, where that could be read. */
  readonly target?: Target;
}

const MALFORMED: NoTarget = { rule: 'malformed' };

/**
 * Where a request is to go. `bound` is the target of the connection that it came on; null: it came to the proxy itself, and must
 * name its target in absolute form (RFC 9112, section 3.2.2).
 */
export function requestTarget(head: RequestHead, bound: HttpTarget | null): RequestTarget | NoTarget {
  const [, authority, pathAndQuery] = /^(?:http:\/\/([^/?#]*))?([!"$-~]*)$/i.exec(head.url ?? '') ?? [];
  if (pathAndQuery === undefined) return MALFORMED;
  const named = authority === undefined ? bound : withScheme(parseAuthority(authority, 80));
  if (!named || (authority === undefined && !/^(\/|\*$)/.test(pathAndQuery))) return MALFORMED;
  // A line without a version would be HTTP/0.9, which Node reads.
  if (!/^(1\.[01]|2\.0)$/.test(head.httpVersion)) return MALFORMED;
  const hosts = valuesOf(head.rawHeaders, 'host');
  if (hosts.length > 1 || (hosts.length === 0 && head.httpVersion !== '1.0')) return MALFORMED;
  // RFC 9112 has a proxy ignore the Host beside an absolute form; one that differs is an attempt to be misread.
  if (hosts[0] !== undefined) {
    const host = parseAuthority(hosts[0], named.scheme === 'http' ? 80 : 443);
    if (!host) return MALFORMED;
    if (!same(host, named)) return { rule: 'host-mismatch', target: bound ?? named };
  }
  if (bound && !same(named, bound)) return { rule: 'host-mismatch', target: bound };
  const absolute = pathAndQuery.startsWith('/') || pathAndQuery === '*' ? pathAndQuery : `/${pathAndQuery}`;
  return { target: bound ?? named, path: absolute.split('?', 1)[0] ?? absolute, pathAndQuery: absolute };
}

/** Reads `HOST:PORT`, or `HOST` where there is a default port, with IPv6 in brackets; undefined: it is none, user-info for example. */
export function parseAuthority(text: string, defaultPort?: number): Target | undefined {
  const [, name = '', digits] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = canonicalHost(name);
  const port = digits === undefined ? defaultPort : Number(digits);
  return host !== undefined && port !== undefined && port >= 1 && port <= 65535 ? { host, port } : undefined;
}

/** `HOST:PORT` as a Host header has it: without the port where it is the scheme's own. */
export function hostHeader({ scheme, host, port }: HttpTarget): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return port === (scheme === 'http' ? 80 : 443) ? shown : `${shown}:${port}`;
}

function withScheme(target: Target | undefined): HttpTarget | undefined {
  return target && { ...target, scheme: 'http' };
}

function same(a: Target, b: Target): boolean {
  return a.host === b.host && a.port === b.port;
}
