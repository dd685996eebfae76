import {
  type AllowlistEntry,
  formatAllowlist,
  matchAllowlist,
  matchRoutes,
  normaliseHost,
  type Route,
} from '@bot-bottle/live-config';
import type { AllowRule, DenyRule } from './rule.js';
import type { Target } from './target.js';

/** What is in force. */
export interface Policy {
  /** Of the live config that it was read from; 0 where nothing was written yet. */
  readonly generation: number;
  readonly revision: string;
  readonly allowlist: readonly AllowlistEntry[];
  readonly routes: readonly Route[];
}

/** What a policy says about a target or a request. */
export type Verdict = Allowed | Denied;

export interface Allowed {
  readonly allowed: true;
  readonly rule: AllowRule;
  /** The first allowlist entry that takes the target in, as its line; or `METHODS HOST PATHS` of the route that fits. */
  readonly entry: string;
  /** An entry says `private`: the name may lead to any address. */
  readonly private: boolean;
  /** An entry says `sni`: TLS must name its server in the clear, and nothing but TLS and HTTP is tunnelled. */
  readonly sni: boolean;
  /** An entry names the port: protocols other than TLS and HTTP are tunnelled. */
  readonly anyProtocol: boolean;
  /** A route narrows the host or gives it a credential: TLS is ended, and each request judged. */
  readonly inspected: boolean;
  /** The route that fits, if the request was judged and one does. */
  readonly route?: Route;
}

export interface Denied {
  readonly allowed: false;
  readonly rule: DenyRule;
  /** The entry or route that denied; absent where none names the host. */
  readonly entry?: string;
}

/** A request, as the proxy understood it. `path` is as sent, without the query. */
export interface JudgedRequest extends Target {
  readonly method: string;
  readonly path: string;
}

/** The verdict on a CONNECT, before its content is seen; `host` in any notation. */
export function judgeTarget(policy: Policy, { host, port }: Target): Verdict {
  const canonical = canonicalHost(host);
  if (canonical === undefined) return { allowed: false, rule: 'malformed' };
  const key = `${canonical} ${port}`;
  return remembered(policy, key, () => judgeCanonical(policy, { host: canonical, port }));
}

/** The verdict on a request: the allowlist, then the routes. */
export function judgeRequest(policy: Policy, request: JudgedRequest): Verdict {
  const verdict = judgeTarget(policy, request);
  if (!verdict.allowed || policy.routes.length === 0) return verdict;
  const { host, port, method, path } = request;
  const key = `${host} ${port} ${method.length} ${method} ${path}`;
  return remembered(policy, key, () => judgeByRoutes(policy, request, verdict));
}

function judgeByRoutes(policy: Policy, request: JudgedRequest, verdict: Allowed): Verdict {
  const decision = matchRoutes(policy.routes, request);
  if (decision.kind === 'unrouted') return verdict;
  if (decision.kind === 'fits') {
    return { ...verdict, rule: 'route', entry: describeRoute(decision.route), route: decision.route };
  }
  const [nearest] = decision.routes;
  return { allowed: false, rule: 'not-routed', ...(nearest && { entry: describeRoute(nearest) }) };
}

const MAX_CANONICAL = 1024;
/** Hosts as they were written, with their one form: each request asks three times. */
const canonicalForms = new Map<string, string>();

/** The one form of a host; undefined where it is none. */
export function canonicalHost(text: string): string | undefined {
  const known = canonicalForms.get(text);
  if (known !== undefined) return known;
  try {
    const host = normaliseHost(text);
    if (canonicalForms.size >= MAX_CANONICAL) canonicalForms.clear();
    canonicalForms.set(text, host);
    return host;
  } catch {
    return undefined;
  }
}

const MAX_REMEMBERED = 4096;
/** The bottle chooses the paths, and is not to fill the keeper's memory with them. */
const MAX_KEY = 512;
const memory = new WeakMap<Policy, Map<string, Verdict>>();

/**
 * A large allowlist is searched once for each target, not for each connection, also when a new policy judges those that are open;
 * and the routes once for each of the few requests that an agent makes again and again.
 */
function remembered(policy: Policy, key: string, judge: () => Verdict): Verdict {
  const verdicts = memory.get(policy) ?? new Map<string, Verdict>();
  const known = verdicts.get(key);
  if (known) return known;
  const verdict = judge();
  if (key.length > MAX_KEY) return verdict;
  if (verdicts.size >= MAX_REMEMBERED) verdicts.clear();
  verdicts.set(key, verdict);
  memory.set(policy, verdicts);
  return verdict;
}

function judgeCanonical(policy: Policy, { host, port }: Target): Verdict {
  const entries = matchAllowlist(policy.allowlist, host, port);
  const [first] = entries;
  if (!first) return deniedTarget(policy, host, port);
  const sni = entries.some(entry => entry.flags?.includes('sni'));
  return {
    allowed: true,
    rule: 'allowlist',
    entry: formatAllowlist([first]).trimEnd(),
    private: entries.some(entry => entry.flags?.includes('private')),
    sni,
    // A hello that is dressed up as something else would go round `sni`.
    anyProtocol: !sni && entries.some(entry => entry.port !== undefined),
    inspected: isInspected(policy, { host, port }),
  };
}

function deniedTarget(policy: Policy, host: string, port: number): Denied {
  const named = policy.allowlist.find(entry => matchAllowlist([{ ...entry, port }], host, port).length > 0);
  if (!named) return { allowed: false, rule: 'host-not-allowed' };
  return { allowed: false, rule: 'port-not-allowed', entry: formatAllowlist([named]).trimEnd() };
}

function isInspected(policy: Policy, target: Target): boolean {
  const narrowing = policy.routes.filter(({ methods, paths, credential }) => methods ?? paths ?? credential);
  return matchRoutes(narrowing, { ...target, method: 'GET', path: '/' }).kind !== 'unrouted';
}

function describeRoute({ host, port, methods, paths }: Route): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  const where = port === undefined ? shown : `${shown}:${port}`;
  return [methods?.join(',') ?? '*', where, paths?.join(',') ?? '*'].join(' ');
}
