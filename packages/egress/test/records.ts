import type { AuditRecord } from '../src/index.js';

type Some = Partial<AuditRecord>;

/** A request that was not let out. */
export function denied(id: string, some: Some = {}): AuditRecord {
  return record({ event: 'denied', id, rule: 'host-not-allowed', ...some });
}

/** One that was. */
export function opened(id: string, some: Some = {}): AuditRecord {
  return record({ event: 'opened', id, rule: 'allowlist', entry: 'example.com', ...some });
}

/** Its end. */
export function closed(id: string, some: Some = {}): AuditRecord {
  return { ...opened(id), event: 'closed', sent: 10, received: 20, duration: 3, ...some };
}

function record(some: Some & Pick<AuditRecord, 'event' | 'id' | 'rule'>): AuditRecord {
  return {
    time: '2026-03-01T12:00:00.000Z',
    bottle: 'shell-abcde',
    method: 'CONNECT',
    host: 'example.com',
    port: 443,
    generation: 1,
    ...some,
  };
}
