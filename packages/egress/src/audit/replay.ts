import { isPublicAddress } from '../addresses.js';
import { type Allowed, judgeRequest, judgeTarget, type Policy } from '../policy.js';
import type { AllowRule, Rule } from '../rule.js';
import type { AuditRecord } from './record.js';

/** What one policy decided about a request. */
export interface Decision {
  readonly allowed: boolean;
  readonly rule: Rule;
  /** The allowlist entry or route that decided; absent where none did. */
  readonly entry?: string;
}

/** Requests that were alike and were decided alike. */
export interface Replayed {
  readonly method: string | null;
  readonly host: string;
  readonly port: number;
  /** Absent where the proxy did not read it. */
  readonly path?: string;
  readonly times: number;
  /** As it was recorded. */
  readonly was: Decision;
  /** What the candidate decides. */
  readonly now: Decision;
}

/**
 * What a candidate policy would have decided about recorded requests, in the order in which each was first seen. What a request was
 * denied for counts on where no policy lets it pass (a Host header that is not its own), and an address that was seen to be
 * private needs the flag. Pure.
 */
export function replay(records: Iterable<AuditRecord>, policy: Policy): Replayed[] {
  const seen = new Map<string, { -readonly [Key in keyof Replayed]: Replayed[Key] }>();
  for (const record of records) {
    if (record.event === 'closed') continue; // its `opened` is there
    const { method, host, port, path, rule, address } = record;
    const key = JSON.stringify([method, host, port, path, rule, address]);
    const known = seen.get(key);
    if (known) {
      known.times += 1;
      continue;
    }
    const request = { method, host, port, ...(path === undefined ? {} : { path }) };
    seen.set(key, { ...request, times: 1, was: decisionOf(record), now: decide(record, policy) });
  }
  return [...seen.values()];
}

function decide(record: AuditRecord, policy: Policy): Decision {
  const { method, path, rule, address } = record;
  const verdict =
    path === undefined || method === null
      ? judgeTarget(policy, record)
      : judgeRequest(policy, { ...record, method, path });
  if (!verdict.allowed) return decisionOf(verdict);
  if (REMAINS[rule](verdict)) return { ...decisionOf(verdict), allowed: false, rule };
  const leadsInside = address !== undefined && !isPublicAddress(address) && !verdict.private;
  return leadsInside
    ? { ...decisionOf(verdict), allowed: false, rule: 'private-address' }
    : decisionOf(verdict);
}

const never = (): boolean => false;
const always = (): boolean => true;

/** Whether a request that was denied by this rule is denied by it again where the target is allowed. */
const REMAINS: Readonly<Record<Rule, (verdict: Allowed) => boolean>> = {
  allowlist: never,
  route: never,
  'host-not-allowed': never,
  'port-not-allowed': never,
  'not-routed': never,
  'private-address': verdict => !verdict.private,
  'host-mismatch': always,
  'server-name-mismatch': always,
  'server-name-missing': verdict => verdict.sni,
  'server-name-encrypted': verdict => verdict.sni,
  'unknown-protocol': verdict => verdict.inspected || !verdict.anyProtocol,
  'credential-in-clear': always,
  malformed: always,
};

const ALLOW: ReadonlySet<Rule> = new Set<AllowRule>(['allowlist', 'route']);

function decisionOf({ rule, entry }: { readonly rule: Rule; readonly entry?: string }): Decision {
  return { allowed: ALLOW.has(rule), rule, ...(entry === undefined ? {} : { entry }) };
}
