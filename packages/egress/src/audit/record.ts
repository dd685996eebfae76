import type { Rule } from '../rule.js';

/**
 * One line of the audit log. A denial is one line; what is let out is two, `opened` and, when it is over, `closed`, with one
 * `id`. A `closed` line holds all that its `opened` line does. Never holds a query, a header or a body.
 */
export interface AuditRecord {
  /** ISO 8601, UTC, with milliseconds. */
  readonly time: string;
  /** The bottle's identity. */
  readonly bottle: string;
  readonly event: 'denied' | 'opened' | 'closed';
  /** Unique in the log: `<start of the proxy, base 36>-<count>`. */
  readonly id: string;
  /** Null where the request could not be read that far. */
  readonly method: string | null;
  /** Canonical; as it was sent, shortened and escaped, where it is no host. */
  readonly host: string;
  readonly port: number;
  /** Without the query; only of requests that the proxy reads (plain HTTP, inspected hosts). */
  readonly path?: string;
  readonly rule: Rule;
  /** The allowlist entry or route that decided; absent where none did. */
  readonly entry?: string;
  /** Of the policy that decided. */
  readonly generation: number;
  /** The address that was connected to. */
  readonly address?: string;
  /** Of the answer, where the proxy reads it. */
  readonly status?: number;
  /** Bytes from and to the bottle; only of `closed`. */
  readonly sent?: number;
  readonly received?: number;
  /** Milliseconds from the request to its end; only of `closed`. */
  readonly duration?: number;
  /** Why it ended early: `policy` (no longer allowed), `origin`, `bottle`, `proxy`; only of `closed`. */
  readonly cut?: 'policy' | 'origin' | 'bottle' | 'proxy';
  /**
   * What went wrong on the way, for the operator: why the origin was not reached, or a credential could not be had (never its
   * value); only of `closed`.
   */
  readonly problem?: string;
  /** Denials before this record that were not recorded, for the log could not be written. */
  readonly missed?: number;
}
