import { isIP } from 'node:net';
import {
  type AllowlistEntry,
  type AllowlistFlag,
  formatAllowlist,
  isWide,
  matchAllowlist,
} from '@bot-bottle/live-config';
import { isInside } from '../addresses.js';
import { canonicalHost } from '../policy.js';
import type { DenyRule, Rule } from '../rule.js';
import type { AuditRecord } from './record.js';

/** So many subdomains of one owner become one pattern. */
const PATTERN_FROM = 3;

/** A line that would have let something out. */
export interface Suggestion {
  /** As an allowlist has it. */
  readonly line: string;
  /** How many of the recorded denials it would have let out. */
  readonly denials: number;
  /** What a person has to judge before they take it; null: it is one public host by its name. */
  readonly judge: string | null;
}

/** What was asked for in vain. */
interface Target {
  readonly host: string;
  /** Undefined: 80, 443 or both. */
  readonly port: number | undefined;
  denials: number;
  private: boolean;
}

/**
 * The shortest allowlist that lets out what was denied because no entry named its host or its port, or because its address is private; the most
 * wanted first. Exact hosts; three or more subdomains of one owner become the narrowest `*.` pattern that takes them in, never one that is
 * wide. Pure.
 * @param present the allowlist in force: what it lets out by now is left out
 */
export function suggestAllowlist(
  records: Iterable<AuditRecord>,
  present: readonly AllowlistEntry[] = [],
): Suggestion[] {
  const groups = new Map<string, Target[]>();
  for (const target of targetsOf(records, present)) {
    const key = groupOf(target);
    const group = groups.get(key);
    if (group) group.push(target);
    else groups.set(key, [target]);
  }
  return [...groups.values()]
    .flatMap(suggest)
    .sort((a, b) => b.denials - a.denials || (a.line < b.line ? -1 : 1));
}

const WANTED: ReadonlySet<Rule> = new Set<DenyRule>([
  'host-not-allowed',
  'port-not-allowed',
  'private-address',
]);

function targetsOf(records: Iterable<AuditRecord>, present: readonly AllowlistEntry[]): Iterable<Target> {
  const targets = new Map<string, Target>();
  for (const [{ rule, host: text, port }, denials] of counted(records)) {
    const isPrivate = rule === 'private-address';
    const host = canonicalHost(text);
    if (host === undefined || port < 1 || port > 65535) continue;
    const entries = matchAllowlist(present, host, port);
    if (isPrivate ? entries.some(entry => entry.flags?.includes('private')) : entries.length > 0) continue;
    const named = port === 80 || port === 443 ? undefined : port;
    const key = `${host} ${named}`;
    const target = targets.get(key) ?? { host, port: named, denials: 0, private: false };
    target.denials += denials;
    target.private ||= isPrivate || isInside(host);
    targets.set(key, target);
  }
  return targets.values();
}

/** One denial of each kind, and how often it is there: what asks in vain asks many times. */
function counted(records: Iterable<AuditRecord>): Iterable<readonly [record: AuditRecord, times: number]> {
  const counts = new Map<string, [record: AuditRecord, times: number]>();
  for (const record of records) {
    if (!WANTED.has(record.rule)) continue;
    const key = `${record.rule} ${record.port} ${record.host}`;
    const known = counts.get(key);
    if (known) known[1] += 1;
    else counts.set(key, [record, 1]);
  }
  return counts.values();
}

/** Those that one pattern may stand for: the subdomains of one owner, on one port. Any other target is alone. */
function groupOf({ host, port, private: isPrivate }: Target): string {
  const owner = ownerOf(host);
  const alone = isPrivate || owner === undefined || owner === host;
  return `${alone ? host : `*.${owner}`} ${port}`;
}

function suggest(group: readonly Target[]): Suggestion[] {
  const [first] = group;
  if (!first || group.length < PATTERN_FROM) return group.map(exact);
  const host = `*.${commonParent(group.map(target => target.host))}`;
  const denials = group.reduce((sum, target) => sum + target.denials, 0);
  return [{ line: lineOf(host, first.port), denials, judge: `takes in every name below ${host.slice(2)}` }];
}

function exact({ host, port, denials, private: isPrivate }: Target): Suggestion {
  const isAddress = isIP(host) !== 0;
  const flags: AllowlistFlag[] = [
    ...(isAddress ? (['ip'] as const) : []),
    ...(isPrivate ? (['private'] as const) : []),
  ];
  const judge = isPrivate
    ? 'leads to this machine or a private network'
    : isAddress
      ? 'an address says nothing of its owner'
      : null;
  return { line: lineOf(host, port, flags), denials, judge };
}

function lineOf(host: string, port: number | undefined, flags: readonly AllowlistFlag[] = []): string {
  return formatAllowlist([{ host, flags, ...(port === undefined ? {} : { port }) }]).trimEnd();
}

/** The registrable domain: one label below the public suffix. Undefined where there is none. */
function ownerOf(host: string): string | undefined {
  if (isIP(host) !== 0) return undefined;
  const labels = host.split('.');
  const suffix = labels.findIndex((_, index) => index > 0 && isWide(`*.${labels.slice(index).join('.')}`));
  return suffix === -1 ? undefined : labels.slice(suffix - 1).join('.');
}

/** The longest name that all hosts are subdomains of. */
function commonParent(hosts: readonly string[]): string {
  const [first = [], ...others] = hosts.map(host => host.split('.').slice(1).reverse());
  let length = first.length;
  for (const labels of others) {
    while (length > 0 && first.slice(0, length).join('.') !== labels.slice(0, length).join('.')) length -= 1;
  }
  return first.slice(0, length).reverse().join('.');
}
