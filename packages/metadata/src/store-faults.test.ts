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
  import { mkdirSync, openSync, readFileSync, renameSync, rmdirSync, writeFileSync, writeSync } from 'node:fs';
  const change = record => ({ ...record, ...${JSON.stringify({ ...after, startedAt: before.startedAt })} });
  const pathsOf = root => bottlePaths(root, ${JSON.stringify(identity)});`;
const write = `${prelude}
  export default root => writeRecord(pathsOf(root), change(readRecord(pathsOf(root))));`;
const update = `${prelude}
  export default async root => { await updateRecord(pathsOf(root), change); };`;

/** What people usually write. */
const naive = {
  write: `${prelude}
    export default root => writeFileSync(pathsOf(root).metadata, JSON.stringify(change(readRecord(pathsOf(root)))));`,
  /** What cannot be read is taken for absent. By pwrite(2): a failing write(2) may hit Node's own threads. */
  update: `${prelude}
    export default root => {
      let record = {};
      try { record = JSON.parse(readFileSync(pathsOf(root).metadata)); } catch {}
      writeSync(openSync(pathsOf(root).metadata, 'w'), JSON.stringify({ ...record, cwd: '/new' }), 0);
    };`,
  lockedUpdate: `${prelude}
    export default root => {
      const paths = pathsOf(root);
      mkdirSync(paths.metadataLock);
      writeFileSync(paths.metadata + '.tmp', JSON.stringify(change(readRecord(paths))));
      renameSync(paths.metadata + '.tmp', paths.metadata);
      rmdirSync(paths.metadataLock);
    };`,
};

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

    // The naive way: the old record is gone before the new one is there.
    let torn = 0;
    await killAtEachSyscall({
      command: program(naive.write, [root]),
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

  it('can never be updated again where the lock is a folder, nor swept where the temporary names no writer', async () => {
    const left = new Set<string>();
    await killAtEachSyscall({
      command: program(naive.lockedUpdate, [root]),
      syscalls: ['rename', 'rmdir'],
      setup,
      async check() {
        expect(() => mkdirSync(paths.metadataLock)).toThrow('EEXIST');
        expect(await sweepTemporaries(paths.folder)).toEqual([]);
        for (const name of readdirSync(paths.folder)) left.add(name);
      },
    });
    expect([...left].sort()).toEqual(['metadata.json', 'metadata.json.tmp', 'metadata.lock']);
  });

  // FAULTS row 2.
  it('is new when its writer is killed right after success', async () => {
    const killedAfter = (operation: string) => {
      setup();
      const source = `${prelude}
        export default async root => {
          const paths = pathsOf(root);
          ${operation};
          process.kill(process.pid, 'SIGKILL');
        };`;
      expect(run(program(source, [root])).signal).toBe('SIGKILL');
    };
    killedAfter('await writeRecord(paths, change(readRecord(paths)))');
    expect(await expectWhole()).toBe('new');
    killedAfter('await updateRecord(paths, change)');
    expect(await expectWhole()).toBe('new');
    // The naive way: the write follows a moment later.
    killedAfter(
      'setImmediate(() => writeFileSync(paths.metadata, JSON.stringify(change(readRecord(paths)))))',
    );
    expect(readFileSync(paths.metadata, 'utf8')).not.toContain('/new');
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

    it('empties the record, or makes it forget, where what cannot be read is taken for absent', async () => {
      const left = new Set<string>();
      // Node's start opens one file more or less each time, so that the fault may fall twice on the second of two.
      for (let attempt = 0; attempt < 8 && !left.has('0: {"cwd":"/new"}'); attempt += 1)
        await failEachSyscall({
          command: program(naive.update, [root]),
          syscalls: ['openat', 'pwrite64'],
          error,
          setup,
          check({ status }) {
            left.add(`${status}: ${readFileSync(paths.metadata, 'utf8')}`);
          },
        });
      expect([...left]).toEqual(expect.arrayContaining(['0: {"cwd":"/new"}', '1: ']));
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
    expect(durabilityFaults(traced(naive.write), paths.metadata)).not.toEqual([]);
  });
});
