/** FAULTS.md rows 1-6 and 26, and its second opening fact, over every call that writes a file. */
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  describeWith,
  describeWithMounts,
  durabilityFaults,
  failEachSyscall,
  killAtEachSyscall,
  ORDER_CALLS,
  run,
  temporaryFolder,
  tinyTmpfs,
  trace,
} from '@bot-bottle/test-kit';
import { sweepTemporaries } from '../src/index.js';
import { durably } from './built.js';

const OLD = 'old '.repeat(2000);
const NEW = 'new '.repeat(5000);

const folder = temporaryFolder();
const path = join(folder, 'record');
const replace = durably('await replaceFile(...args); return "acknowledged";', path, NEW);
const replaceSync = durably('replaceFileSync(...args); return "acknowledged";', path, NEW);
const create = durably('await createFile(...args, { mode: 0o666 })', path, NEW);
const remove = durably('await removeFile(...args)', path);

const writeFileAtomic = `const { default: writeFileAtomic } =
  await import(${JSON.stringify(createRequire(__filename).resolve('write-file-atomic'))});`;

/** As writeFile does, but by pwrite(2), which Node uses for nothing else: a failing write(2) may hit its own threads. */
const openAndWrite = (flag: string) =>
  durably(
    `const file = fs.openSync(args[0], '${flag}'); fs.writeSync(file, args[1], 0); fs.closeSync(file);`,
    path,
    NEW,
  );

/** What people usually write. It meets the same faults, and is asked what became of the file. */
const naive = {
  overwrite: openAndWrite('w'),
  create: openAndWrite('wx'),
  renameInto: durably(
    `const [path, data, folder] = args;
    fs.writeFileSync(path + '.tmp', data);
    fs.renameSync(path + '.tmp', path);
    fs.fsyncSync(fs.openSync(folder, 'r'));`,
    path,
    NEW,
    folder,
  ),
  writeFileAtomic: durably(`${writeFileAtomic} await writeFileAtomic(...args);`, path, NEW),
  remove: durably('fs.unlinkSync(...args)', path),
};

const written = ['openat', 'pwrite64', 'fchmod', 'fsync', 'rename', 'close'];

function emptyFolder(): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
}

function withOld(): void {
  emptyFolder();
  writeFileSync(path, OLD);
  // More than the usual umask leaves to a new file.
  chmodSync(path, 0o666);
}

const content = () => (existsSync(path) ? readFileSync(path, 'utf8') : null);

describeWith('strace', 'a write that is killed at any system call', () => {
  it.each([
    ['replaceFile', replace],
    ['replaceFileSync', replaceSync],
  ])(
    '%s leaves the old file or the new one, whole, and a temporary that the next sweep takes',
    async (_, command) => {
      const seen = new Set<string | null>();
      let temporaries = 0;
      const hits = await killAtEachSyscall({
        command,
        syscalls: written,
        setup: withOld,
        check: async ({ stdout }) => {
          expect(stdout).toBe('');
          seen.add(content());
          expect(statSync(path).mode & 0o777).toBe(0o666);
          const others = readdirSync(folder).filter(name => name !== 'record');
          temporaries += others.length;
          expect(await sweepTemporaries(folder)).toEqual(others);
          expect(readdirSync(folder)).toEqual(['record']);
        },
      });
      expect(hits).toBeGreaterThanOrEqual(9);
      expect(seen).toEqual(new Set([OLD, NEW]));
      expect(temporaries).toBeGreaterThanOrEqual(4);
    },
  );

  it('createFile leaves nothing or the whole file', async () => {
    const seen = new Set<string | null>();
    await killAtEachSyscall({
      command: create,
      syscalls: ['openat', 'pwrite64', 'fchmod', 'fsync', 'link', 'unlink', 'close'],
      setup: emptyFolder,
      check: async () => {
        seen.add(content());
        await sweepTemporaries(folder);
        expect(readdirSync(folder)).toEqual(content() === null ? [] : ['record']);
      },
    });
    expect(seen).toEqual(new Set([null, NEW]));
  });

  it.each([
    ['opening to overwrite', naive.overwrite, withOld],
    ['opening to create', naive.create, emptyFolder],
  ])('%s leaves a torn file', async (_, command, setup) => {
    const seen = new Set<string | null>();
    await killAtEachSyscall({
      command,
      syscalls: ['openat', 'pwrite64', 'close'],
      setup,
      check: () => {
        seen.add(content());
      },
    });
    expect(seen).toContain('');
  });

  it('a temporary whose name says nothing of its writer stays, for no sweep can tell whether he lives', async () => {
    const left = new Set<string>();
    await killAtEachSyscall({
      command: naive.renameInto,
      syscalls: ['rename'],
      setup: withOld,
      check: async () => {
        expect(await sweepTemporaries(folder)).toEqual([]);
        for (const name of readdirSync(folder)) left.add(name);
      },
    });
    expect(left).toEqual(new Set(['record', 'record.tmp']));
  });

  it.each([
    [
      'replaceFile',
      'await replaceFile(...args)',
      'setImmediate(() => fs.writeFileSync(...args))',
      withOld,
      NEW,
    ],
    [
      'createFile',
      'await createFile(...args)',
      'setImmediate(() => fs.writeFileSync(...args))',
      emptyFolder,
      NEW,
    ],
    ['removeFile', 'await removeFile(args[0])', 'setImmediate(() => fs.unlinkSync(args[0]))', withOld, null],
  ])(
    '%s, once acknowledged, stays done when the process is killed right after; what follows a moment later is lost',
    (_, durable, later, setup, expected) => {
      const acknowledgeAndDie = (body: string) => {
        setup();
        const killed = `${body}; fs.writeSync(1, 'acknowledged'); process.kill(process.pid, 'SIGKILL');`;
        const { stdout, signal } = run(durably(killed, path, NEW));
        expect({ stdout, signal }).toEqual({ stdout: 'acknowledged', signal: 'SIGKILL' });
      };
      acknowledgeAndDie(durable);
      expect(content()).toBe(expected);
      expect(readdirSync(folder)).toEqual(expected === null ? [] : ['record']);
      acknowledgeAndDie(later);
      expect(content()).not.toBe(expected);
    },
  );
});

describeWith('strace', 'a write of which a system call fails', () => {
  it.each([
    ['ENOSPC', ['pwrite64', 'fsync', 'rename', 'openat']],
    ['EDQUOT', ['pwrite64', 'fsync', 'rename', 'openat']],
    ['EIO', ['pwrite64', 'fsync', 'rename', 'fchmod']],
    ['EACCES', ['openat', 'rename']],
    ['EMFILE', ['openat']],
  ])(
    'replaceFile says so (%s), keeps the old file whole and leaves nothing behind',
    async (error, syscalls) => {
      const codes = new Set<string>();
      await failEachSyscall({
        command: replace,
        syscalls,
        error,
        setup: withOld,
        check: ({ status, stderr, stdout, calls }) => {
          const folderFailed = calls.some(
            call => call.injected && call.args.includes(folder) && !call.args.includes('.tmp'),
          );
          expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
          const failure = JSON.parse(stderr);
          codes.add(failure.code);
          expect(failure).toMatchObject({ name: 'DurableFsError', errno: error });
          if (failure.code === 'not-confirmed')
            expect({ folderFailed, now: content() }).toEqual({ folderFailed: true, now: NEW });
          else expect(content()).toBe(OLD);
          expect(readdirSync(folder)).toEqual(['record']);
        },
      });
      expect(codes).toContain('io');
      if (syscalls.includes('fsync')) expect(codes).toContain('not-confirmed');
    },
  );

  it.each([
    ['ENOSPC', 'the old file is empty', naive.overwrite, 'pwrite64', { record: '' }],
    ['EDQUOT', 'the old file is empty', naive.overwrite, 'pwrite64', { record: '' }],
    ['EIO', 'the old file is empty', naive.overwrite, 'pwrite64', { record: '' }],
    ['EACCES', 'rename leaves its temporary', naive.renameInto, 'rename', { record: OLD, 'record.tmp': NEW }],
    [
      'EMFILE',
      'rename fails like any other, with the new file in place',
      naive.renameInto,
      'openat',
      { record: NEW },
    ],
  ])('the naive way does worse (%s): %s', async (error, _, command, syscall, worse) => {
    const seen = new Set<string>();
    // Node's start opens one file more or less each time, so that the fault may fall twice on the first of two.
    for (let attempt = 0; attempt < 8 && !seen.has(JSON.stringify(worse)); attempt += 1)
      await failEachSyscall({
        command,
        syscalls: [syscall],
        error,
        setup: withOld,
        check: ({ status }) => {
          expect(status).toBe(1);
          const left = readdirSync(folder).map(name => [name, readFileSync(join(folder, name), 'utf8')]);
          seen.add(JSON.stringify(Object.fromEntries(left)));
        },
      });
    expect(seen).toContain(JSON.stringify(worse));
  });

  it('replaceFile fails where a write takes nothing, rather than try for ever or call it done', () => {
    const nothing = { syscalls: ['pwrite64'], inject: 'pwrite64:retval=0' };
    withOld();
    const { status, stderr } = trace(replace, nothing);
    expect({ status, code: JSON.parse(stderr).code }).toEqual({ status: 1, code: 'io' });
    expect(content()).toBe(OLD);
    expect(readdirSync(folder)).toEqual(['record']);
    expect(trace(naive.overwrite, nothing).status).toBe(0);
    expect(content()).toBe('');
  });

  it.each([
    ['createFile says so and leaves nothing behind', create, ['pwrite64', 'link'], []],
    [
      'opening to create leaves an empty file, in the way of the next',
      naive.create,
      ['pwrite64'],
      ['record'],
    ],
  ])('%s', async (_, command, syscalls, left) => {
    await failEachSyscall({
      command,
      syscalls,
      error: 'ENOSPC',
      setup: emptyFolder,
      check: ({ stderr }) => {
        expect(JSON.parse(stderr)).toMatchObject(
          command === create ? { code: 'io', errno: 'ENOSPC', path } : { code: 'ENOSPC' },
        );
        expect(readdirSync(folder)).toEqual(left);
      },
    });
  });
});

describeWithMounts('on a disk that is nearly full', () => {
  // The first write(2) takes what fits and succeeds; only the next one says ENOSPC.
  const report = `
    const [folder, name] = args;
    const path = folder + '/' + name;
    fs.writeFileSync(path, 'old');
    let code = 'success';
    try { await write(path, 'n'.repeat(100 * 1024)); } catch (error) { code = error.errno; }
    const { size } = fs.statSync(path);
    return { code, size, names: fs.readdirSync(folder) };`;

  it('replaceFile says ENOSPC, keeps the old file whole and leaves nothing behind', () => {
    const disk = tinyTmpfs(64 * 1024);
    const { stdout } = run(disk.wrap(durably(`const write = replaceFile; ${report}`, disk.folder, 'record')));
    expect(JSON.parse(stdout)).toEqual({ code: 'ENOSPC', size: 3, names: ['record'] });
  });

  it('write-file-atomic reports success for a part of the file', () => {
    const disk = tinyTmpfs(64 * 1024);
    const body = `${writeFileAtomic} const write = writeFileAtomic; ${report}`;
    const { size, code } = JSON.parse(run(disk.wrap(durably(body, disk.folder, 'record'))).stdout);
    expect(code).toBe('success');
    expect(size).toBeLessThan(100 * 1024);
  });
});

describeWith('strace', 'the order in which things reach the disk', () => {
  it.each([
    ['replaceFile', replace],
    ['replaceFileSync', replaceSync],
    ['createFile', create],
  ])('%s syncs the bytes, gives the name, then syncs the folder', (_, command) => {
    emptyFolder();
    const { calls, status } = trace(command, { syscalls: ORDER_CALLS });
    expect(status).toBe(0);
    expect(durabilityFaults(calls, path)).toEqual([]);
  });

  it.each([
    ['removeFile syncs the folder after the removal', remove, ['unlink 0', 'fsync 0']],
    ['unlink alone syncs nothing', naive.remove, ['unlink 0']],
  ])('%s', (_, command, steps) => {
    withOld();
    const { calls } = trace(command, { syscalls: ['unlink', 'fsync'] });
    expect(calls.map(({ name, result }) => `${name} ${result}`)).toEqual(steps);
  });

  it.each([
    ['the bytes', true, 'rename before the bytes were synced'],
    ['the folder', false, 'the folder was not synced after the name was given'],
  ])('the check notices when the sync of %s is missing', (_, ofTemporary, fault) => {
    withOld();
    const { calls } = trace(replace, { syscalls: ORDER_CALLS });
    const without = calls.filter(
      ({ name, args }) => name !== 'fsync' || args.includes('.tmp-') !== ofTemporary,
    );
    expect(without.length).toBe(calls.length - 1);
    expect(durabilityFaults(without, path)).toEqual([fault]);
  });

  it('the check notices when a sync comes too early', () => {
    withOld();
    const { calls } = trace(replace, { syscalls: ORDER_CALLS });
    const syncs = calls.filter(({ name }) => name === 'fsync');
    const early = [
      ...calls.filter(({ name }) => name === 'openat'),
      ...syncs,
      ...calls.filter(call => !syncs.includes(call)),
    ];
    expect(durabilityFaults(early, path)).toHaveLength(2);
  });

  it.each([
    ['write-file-atomic', naive.writeFileAtomic, 'the folder was not synced after the name was given'],
    ['rename, with the folder synced', naive.renameInto, 'rename before the bytes were synced'],
    ['opening to overwrite', naive.overwrite, 'the target itself is opened for writing'],
    ['opening to create', naive.create, 'the target itself is opened for writing'],
  ])('%s does not keep to it', (_, command, fault) => {
    if (command === naive.create) emptyFolder();
    else withOld();
    const { calls, status } = trace(command, { syscalls: ORDER_CALLS });
    expect(status).toBe(0);
    expect(durabilityFaults(calls, path)).toContain(fault);
  });
});

describeWith('strace', 'the temporary', () => {
  it('is opened exclusively and never through a link, so a planted one is not used', () => {
    withOld();
    const { calls } = trace(replace, { syscalls: ['openat'] });
    const opened = calls.filter(({ args }) => args.includes('.record.tmp-'));
    expect(opened).toHaveLength(1);
    expect(opened[0]?.args).toMatch(/O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW/);
  });

  it('under a name that can be foretold, and not exclusive, is the file that a planted link names', () => {
    const outside = join(temporaryFolder(), 'outside');
    withOld();
    writeFileSync(outside, 'precious');
    symlinkSync(outside, `${path}.tmp`);
    expect(run(naive.renameInto).status).toBe(0);
    expect(readFileSync(outside, 'utf8')).toBe(NEW);
  });
});
