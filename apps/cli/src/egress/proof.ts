import { EGRESS_PROOF_HOST } from '@bot-bottle/backend';
import type { AuditRecord } from '@bot-bottle/egress';

/** Whether a line is the denial by which a launch proves its way out. An agent may ask for the same, and is denied the same. */
export function isProof({ event, host, path, rule }: AuditRecord): boolean {
  return event === 'denied' && host === EGRESS_PROOF_HOST && rule === 'host-mismatch' && path === undefined;
}

export function* withoutProofs(records: Iterable<AuditRecord>): Generator<AuditRecord> {
  for (const record of records) if (!isProof(record)) yield record;
}
