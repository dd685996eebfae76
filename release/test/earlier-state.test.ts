import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readApplied, readAuditLog } from '@bot-bottle/egress';
import { readLiveConfig } from '@bot-bottle/live-config';
import { effectiveBackend, effectiveComposeProject, listRecords, updateRecord } from '@bot-bottle/metadata';
import { isPreserved, readLease } from '@bot-bottle/preserve';
import { auditLog } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';

/** One folder for each shape that state on a disk ever had, with what is read from it: see README.md there. */
const folder = join(__dirname, '../earlier-state');
const shapes = readdirSync(folder, { withFileTypes: true }).filter(entry => entry.isDirectory());

describe.each(shapes)('state of $name', ({ name }) => {
  const root = join(temporaryFolder(), 'root');
  beforeAll(() => cpSync(join(folder, name, 'root'), root, { recursive: true }));

  it('says what it always said', () => {
    const read = [...listRecords(root)].map(({ identity, paths, record }) => ({
      record,
      backend: record && effectiveBackend(record),
      composeProject: record && effectiveComposeProject(record),
      preserved: isPreserved(paths),
      lease: readLease(paths).state,
      policy: readLiveConfig(paths).text,
      applied: readApplied(paths.sidecar('egress')),
      audit: [...readAuditLog(auditLog(root, identity, 'egress'))],
    }));
    expect(JSON.parse(JSON.stringify(read))).toEqual(
      JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')),
    );
  });

  it('keeps every word of a record that is changed', async () => {
    for (const { paths } of listRecords(root)) {
      const before = JSON.parse(readFileSync(paths.metadata, 'utf8'));
      await updateRecord(paths, record => ({ ...record, cwd: '/elsewhere' }));
      expect(JSON.parse(readFileSync(paths.metadata, 'utf8'))).toMatchObject({
        ...before,
        cwd: '/elsewhere',
      });
    }
  });
});

it('there are shapes', () => {
  expect(shapes.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['bot-bottle-0.1', 'python-1-first']),
  );
});
