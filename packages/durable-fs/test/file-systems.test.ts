/** What depends on the file system, or on there being Linux's /proc at all. */
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  canMount,
  describeWith,
  describeWithMounts,
  run,
  temporaryFolder,
  trace,
  withMounts,
} from '@bot-bottle/test-kit';
import { durably } from './built.js';

const folder = temporaryFolder();

describeWith('strace', 'a copy where the file system cannot share blocks', () => {
  it('asks once and then copies the bytes', () => {
    const body = `for (const name of ['a', 'b', 'c']) fs.writeFileSync(args[0] + name, name);
      fs.mkdirSync(args[0] + 'from');
      for (const name of ['a', 'b', 'c']) fs.writeFileSync(args[0] + 'from/' + name, name);
      return copyTree(args[0] + 'from', args[0] + 'to');`;
    // A file system in memory never can.
    const memory = `${temporaryFolder({ memory: true })}/`;
    const { calls, stdout } = trace(durably(body, memory), { syscalls: ['ioctl'] });
    expect(calls.filter(({ args }) => args.includes('FICLONE'))).toHaveLength(1);
    expect(JSON.parse(stdout)).toEqual({ entries: 3, bytes: 3, left: [] });
  });
});

const image = join(folder, 'btrfs.img');
const onBtrfs = (command: string[]) => withMounts(`mount -o loop '${image}' '${folder}'`, command);

function hasBtrfs(): boolean {
  writeFileSync(image, '');
  truncateSync(image, 300 * 1024 * 1024);
  return (
    run(['sh', '-c', `mkfs.btrfs -q '${image}' 2>&1`]).status === 0 && run(onBtrfs(['true'])).status === 0
  );
}

(canMount() && hasBtrfs() ? it : it.skip)('a copy on btrfs shares its blocks (skipped without btrfs)', () => {
  const size = 40_000_000;
  const body = `const [top] = args;
    const free = () => { const { bsize, bfree } = fs.statfsSync(top); return bsize * bfree; };
    const sync = () => fs.fsyncSync(fs.openSync(top, 'r'));
    fs.mkdirSync(top + '/from');
    fs.writeFileSync(top + '/from/file', Buffer.alloc(${size}, 'x'), { mode: 0o640, flush: true });
    sync();
    const before = free();
    const { bytes } = await copyTree(top + '/from', top + '/to');
    sync();
    const { size, mode } = fs.statSync(top + '/to/file');
    const same = fs.readFileSync(top + '/to/file').equals(fs.readFileSync(top + '/from/file'));
    return { bytes, size, mode: mode & 0o777, same, used: before - free() };`;
  const { stdout } = run(onBtrfs(durably(body, folder)));
  const { used, ...copied } = JSON.parse(stdout);
  expect(copied).toEqual({ bytes: size, size, mode: 0o640, same: true });
  expect(used).toBeLessThan(size / 10);
});

describeWithMounts('without /proc', () => {
  it.each([
    'await replaceFile(args[0], "x")',
    'await removeFile(args[0])',
    'createFolder(args[0])',
    'await removeTree(args[0])',
    'await acquireClaim(args[0])',
    'processMark()',
  ])('%s refuses, and touches nothing', body => {
    const { status, stderr } = run(
      withMounts('mount -t tmpfs tmpfs /proc', durably(body, join(folder, 'new'))),
    );
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'unsupported-platform' });
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });
});
