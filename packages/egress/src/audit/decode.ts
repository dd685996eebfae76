import type { Rule } from '../rule.js';
import type { AuditRecord } from './record.js';

/** A rule that this version does not know is a newer one's: such a line cannot be read as one of ours. */
const RULES: Readonly<Record<Rule, true>> = {
  allowlist: true,
  route: true,
  'host-not-allowed': true,
  'port-not-allowed': true,
  'not-routed': true,
  'private-address': true,
  'host-mismatch': true,
  'server-name-mismatch': true,
  'server-name-missing': true,
  'server-name-encrypted': true,
  'unknown-protocol': true,
  'credential-in-clear': true,
  malformed: true,
};

type Check = (value: unknown) => boolean;

const text: Check = value => typeof value === 'string';
const count: Check = value => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const oneOf = (...values: unknown[]): Check => {
  return value => values.includes(value);
};
const optional = (check: Check): Check => {
  return value => value === undefined || check(value);
};

/** One for each key of a record: the compiler asks for what is missing. */
const CHECKS: Readonly<Record<keyof AuditRecord, Check>> = {
  time: text,
  bottle: text,
  event: oneOf('denied', 'opened', 'closed'),
  id: text,
  method: value => value === null || text(value),
  host: text,
  port: count,
  path: optional(text),
  rule: value => typeof value === 'string' && Object.hasOwn(RULES, value),
  entry: optional(text),
  generation: count,
  address: optional(text),
  status: optional(count),
  sent: optional(count),
  received: optional(count),
  duration: optional(count),
  cut: optional(oneOf('policy', 'origin', 'bottle', 'proxy')),
  problem: optional(text),
  missed: optional(count),
};

const EACH = Object.entries(CHECKS);

/** The record of a line; keys of a newer version stay in it. A string: why it is none. */
export function decodeRecord(line: string): AuditRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'is no JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no JSON object';
  for (const [key, check] of EACH) {
    if (!check(Reflect.get(value, key))) return `has no usable "${key}"`;
  }
  return value as AuditRecord;
}
