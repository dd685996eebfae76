import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import {
  delaySyscall,
  describeWith,
  describeWithMounts,
  durabilityFaults,
  failEachSyscall,
  killAtEachSyscall,
  ORDER_CALLS,
  program,
  run,
  runParallel,
  temporaryFolder,
  tinyTmpfs,
  trace,
} from './index.js';

const folder = temporaryFolder();
const naive = (path: string) => `
  import { writeFileSync } from 'node:fs';
  export default () => writeFileSync(${JSON.stringify(path)}, 'new text');`;

it('runs a program and tells its result, and its error by code', () => {
  expect(run(program('export default (a, b) => a + b', ['x', 'y']))).toMatchObject({
    status: 0,
    stdout: '"xy"\n',
  });
  const failed = run(program(`export default () => { throw Object.assign(new Error('no'), { code: 'E' }) }`));
  expect(failed.status).toBe(1);
  expect(JSON.parse(failed.stderr)).toMatchObject({ code: 'E', message: 'no' });
});

it('runs many processes, each with its number', async () => {
  const outcomes = await runParallel(3, 'export default number => number');
  expect(outcomes.map(({ stdout }) => stdout)).toEqual(['"0"\n', '"1"\n', '"2"\n']);
});

describeWith('strace', 'under strace', () => {
  const path = join(folder, 'file');
  const setup = () => writeFileSync(path, 'old text');

  it('kills a program at each call, and shows the torn file of a naive writer', async () => {
    const found: string[] = [];
    const hits = await killAtEachSyscall({
      command: program(naive(path)),
      syscalls: ['openat', 'write', 'close'],
      setup,
      check: ({ stdout }) => {
        expect(stdout).toBe('');
        found.push(readFileSync(path, 'utf8'));
      },
    });
    expect(hits).toBe(3);
    expect(found).toEqual(['old text', '', 'new text']);
  });

  it('makes each call fail', async () => {
    const errors: number[] = [];
    const hits = await failEachSyscall({
      command: program(naive(path)),
      syscalls: ['openat', 'write'],
      error: 'EDQUOT',
      setup,
      check: ({ stderr }) => {
        errors.push(JSON.parse(stderr).errno);
      },
    });
    expect(hits).toBe(2);
    // By number: Node has no name for it.
    expect(errors).toEqual([-constants.errno.EDQUOT, -constants.errno.EDQUOT]);
  });

  it('says so when a call to hit is never made', async () => {
    const never = { command: program(naive(path)), syscalls: ['rename'], check: () => undefined };
    await expect(killAtEachSyscall(never)).rejects.toThrow('at any rename fired');
  });

  it('holds a program at a call while something else happens', async () => {
    const source = `import { unlinkSync } from 'node:fs'; export default p => unlinkSync(p);`;
    setup();
    const held = await delaySyscall({
      command: program(source, [path]),
      syscall: 'unlink',
      nth: 1,
      until: () => true,
      meanwhile: () => writeFileSync(path, 'changed'),
    });
    expect(held.status).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('finds what a naive writer leaves to the next power cut', () => {
    const { calls } = trace(program(naive(path)), { syscalls: ORDER_CALLS });
    expect(durabilityFaults(calls, path)).toEqual([
      'the target itself is opened for writing',
      'no new file ever got the name',
    ]);
    const unsynced = `import { renameSync, writeFileSync } from 'node:fs';
      export default p => { writeFileSync(p + '.tmp', 'x'); renameSync(p + '.tmp', p); }`;
    expect(durabilityFaults(trace(program(unsynced, [path]), { syscalls: ORDER_CALLS }).calls, path)).toEqual(
      ['rename before the bytes were synced', 'the folder was not synced after the name was given'],
    );
  });
});

describeWithMounts('a tiny disk', () => {
  it('is full after so many bytes', () => {
    const disk = tinyTmpfs(64 * 1024);
    const source = `import { writeFileSync } from 'node:fs';
      export default path => writeFileSync(path, Buffer.alloc(128 * 1024));`;
    const outcome = run(disk.wrap(program(source, [join(disk.folder, 'file')])));
    expect(JSON.parse(outcome.stderr)).toMatchObject({ code: 'ENOSPC' });
    expect(existsSync(join(disk.folder, 'file'))).toBe(false);
  });
});
