import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sweepTemporaries } from '@bot-bottle/durable-fs';
import { parseIdentity } from '@bot-bottle/identity';
import { bottlePaths } from '@bot-bottle/state-paths';
import {
  describeWith,
  durabilityFaults,
  failEachSyscall,
  type Hit,
  killAtEachSyscall,
  ORDER_CALLS,
  program,
  run,
  temporaryFolder,
  trace,
} from '@bot-bottle/test-kit';
import { encodeRecord, listRecords, newRecord, readRecord, updateRecord } from './index.js';

const built = (name: string) => JSON.stringify(join(__dirname, `../../${name}/dist/index.js`));
const identity = parseIdentity('claude-x7k2m');
const before = newRecord({ identity, agentName: 'claude', cwd: '/old', args: ['1'] });
const after = { ...before, cwd: '/new', args: ['2'], labels: { long: 'x'.repeat(10_000) } };

const prelude = `
  import { readRecord, updateRecord, writeRecord } from ${built('metadata')};
  import { bottlePaths } from ${built('state-paths')};
  import { writeFileSync } from 'node:fs';
  const change = record => ({ ...record, ...${JSON.stringify({ ...after, startedAt: before.startedAt })} });
  const pathsOf = root => bottlePaths(root, ${JSON.stringify(identity)});`;
const write = `${prelude}
  export default root => writeRecord(pathsOf(root), change(readRecord(pathsOf(root))));`;
const update = `${prelude}
  export default async root => { await updateRecord(pathsOf(root), change); };`;
const naive = `${prelude}
  export default root => writeFileSync(pathsOf(root).metadata, JSON.stringify(change(readRecord(pathsOf(root)))));`;

describeWith('strace', 'a record under faults', () => {
  const root = temporaryFolder({ memory: true });
  const paths = bottlePaths(root, identity);

  function setup() {
    rmSync(paths.folder, { recursive: true, force: true });
    mkdirSync(paths.folder, { recursive: true });
    writeFileSync(paths.metadata, encodeRecord(before));
  }

  /** Old or new, whole; and whatever else lies there is seen by no list and swept. */
  async function expectWhole(): Promise<'old' | 'new'> {
    const record = readRecord(paths);
    expect([before, after]).toContainEqual(record);
    expect([...listRecords(root)]).toEqual([{ identity, paths: expect.anything(), record }]);
    await sweepTemporaries(paths.folder);
    expect(readdirSync(paths.folder).filter(name => name !== 'metadata.lock')).toEqual(['metadata.json']);
    return record?.cwd === '/old' ? 'old' : 'new';
  }

  // FAULTS rows 1 and 3.
  it('is old or new, never torn, when its writer is killed at any system call', async () => {
    const seen = new Set<string>();
    const syscalls = ['openat', 'pwrite64', 'fsync', 'rename', 'close'];
    await killAtEachSyscall({
      command: program(write, [root]),
      syscalls,
      setup,
      check: async () => void seen.add(await expectWhole()),
    });
    expect([...seen].sort()).toEqual(['new', 'old']);

    // The naive way, writeFile: the old record is gone before the new one is there.
    let torn = 0;
    await killAtEachSyscall({
      command: program(naive, [root]),
      syscalls: ['write', 'close'],
      setup,
      check() {
        const text = readFileSync(paths.metadata, 'utf8');
        if (text === '') torn += 1;
      },
    });
    expect(torn).toBeGreaterThan(0);
  });

  it('is old or new when its updater is killed at any system call, and the next update goes on', async () => {
    const seen = new Set<string>();
    const kills = await killAtEachSyscall({
      command: program(update, [root]),
      syscalls: ['mkdir', 'openat', 'pwrite64', 'fsync', 'rename', 'unlink', 'rmdir'],
      setup,
      async check() {
        const state = await expectWhole();
        seen.add(state);
        const next = await updateRecord(paths, record => ({ ...record, backend: 'next' }), { wait: 0 });
        expect(next).toEqual({ ...(state === 'old' ? before : after), backend: 'next' });
        expect(readdirSync(paths.folder)).toEqual(['metadata.json']);
      },
    });
    expect(kills).toBeGreaterThan(20);
    expect([...seen].sort()).toEqual(['new', 'old']);
  });

  // FAULTS row 2.
  it('is new when its writer is killed right after success', async () => {
    for (const operation of [
      'writeRecord(paths, change(readRecord(paths)))',
      'updateRecord(paths, change)',
    ]) {
      setup();
      const source = `${prelude}
        export default async root => {
          const paths = pathsOf(root);
          await ${operation};
          process.kill(process.pid, 'SIGKILL');
        };`;
      expect(run(program(source, [root])).signal).toBe('SIGKILL');
      expect(await expectWhole()).toBe('new');
    }
  });

  // FAULTS row 4.
  describe.each(['ENOSPC', 'EDQUOT', 'EIO', 'EACCES', 'EMFILE'])('%s at any system call', error => {
    async function check({ status, stderr }: Hit) {
      // Node itself makes such calls too, and may not mind their failure: then the success must be true.
      if (status === 0) return expect(await expectWhole()).toBe('new');
      expect(status).toBe(1);
      const failure = JSON.parse(stderr);
      expect(failure).toMatchObject({ name: 'MetadataError', path: paths.metadata });
      expect(failure.code).toMatch(/^cannot-(read|write)$/);
      // Past the rename the error says so: the folder's sync, or the release of an update's lock.
      const isInPlace = /is in place|cannot release/.test(failure.message);
      expect(await expectWhole()).toBe(isInPlace ? 'new' : 'old');
    }

    it('is a typed error of a write, and the old record is intact until the new one is in place', async () => {
      const syscalls = ['openat', 'pwrite64', 'fsync', 'rename'];
      const faults = await failEachSyscall({
        command: program(write, [root]),
        syscalls,
        error,
        setup,
        check,
      });
      expect(faults).toBeGreaterThanOrEqual(7);
    });

    it('is a typed error of an update, and the old record is intact until the new one is in place', async () => {
      const syscalls = ['mkdir', 'openat', 'pwrite64', 'fsync', 'rename'];
      const faults = await failEachSyscall({
        command: program(update, [root]),
        syscalls,
        error,
        setup,
        check,
      });
      expect(faults).toBeGreaterThanOrEqual(12);
    });
  });

  // FAULTS row 6.
  it('is synced before it gets its name, and its folder after', () => {
    setup();
    const traced = (source: string) => trace(program(source, [root]), { syscalls: ORDER_CALLS }).calls;
    expect(durabilityFaults(traced(write), paths.metadata)).toEqual([]);
    setup();
    expect(durabilityFaults(traced(update), paths.metadata)).toEqual([]);
    setup();
    expect(durabilityFaults(traced(naive), paths.metadata)).not.toEqual([]);
  });
});
