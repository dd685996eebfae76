import type { Identity } from '@bot-bottle/identity';
import { type AuditWriter, auditLog } from './index.js';

const id = 'claude-x7k2p' as Identity;

describe('auditLog', () => {
  it('lies beside the state, so that it outlives the bottle', () => {
    expect(auditLog('/r', id, 'egress')).toBe('/r/audit/claude-x7k2p.egress.jsonl');
  });

  it.each(['../claude-x7k2p', '', 'a/b-x7k2p', '-rf'])('builds no path from the name %j', name => {
    expect(() => auditLog('/r', name as Identity, 'egress')).toThrow(
      expect.objectContaining({ code: 'unsafe-name' }),
    );
  });

  it('builds no path from a writer that it does not know, nor below a root that is none', () => {
    expect(() => auditLog('/r', id, '../x' as AuditWriter)).toThrow(
      expect.objectContaining({ code: 'unsafe-name' }),
    );
    expect(() => auditLog('r', id, 'egress')).toThrow(expect.objectContaining({ code: 'bad-root' }));
  });
});
