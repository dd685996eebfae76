import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '@bot-bottle/identity';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { type AuditWriter, auditLog, listAuditLogs } from './index.js';

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

describe('listAuditLogs', () => {
  it('finds the logs of bottles, also of those that are gone, and nothing else', () => {
    const root = temporaryFolder();
    expect(listAuditLogs(root, 'egress')).toEqual([]);
    const audit = join(root, 'audit');
    mkdirSync(join(audit, 'folder-aaaaa.egress.jsonl'), { recursive: true });
    symlinkSync('/etc/hostname', join(audit, 'linked-aaaaa.egress.jsonl'));
    for (const name of ['two-bbbbb', 'one-aaaaa', 'no identity', '.two-bbbbb']) {
      writeFileSync(join(audit, `${name}.egress.jsonl`), '');
    }
    writeFileSync(join(audit, 'three-ccccc.supervise.jsonl'), '');
    expect(listAuditLogs(root, 'egress')).toEqual(['one-aaaaa', 'two-bbbbb']);
  });

  it('follows no link where the folder should be', () => {
    const root = temporaryFolder();
    symlinkSync('/tmp', join(root, 'audit'));
    expect(() => listAuditLogs(root, 'egress')).toThrow(expect.objectContaining({ code: 'not-a-folder' }));
  });
});
