import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { run, temporaryFolder } from '@bot-bottle/test-kit';
import { copyTree, measureTree } from './index.js';

let folder: string;
let from: string;
let to: string;

beforeEach(() => {
  folder = temporaryFolder({ memory: true });
  from = join(folder, 'from');
  to = join(folder, 'to');
  mkdirSync(from);
});

const shell = (script: string) => execFileSync('sh', ['-ec', script], { cwd: from }).toString();

/** Everything that a copy keeps, as text, with names as bytes. */
const describeTree = (path: string) =>
  execFileSync('find', ['.', '-printf', '%P|%y|%m|%T@|%l|%s\\n'], { cwd: path, encoding: 'latin1' })
    .split('\n')
    // The size of a folder is its file system's own affair.
    .map(line => line.replace(/^(.*\|d\|.*)\|\d+$/, '$1'))
    .sort();

/** What people usually call. */
const naiveCopy = (source: string, target: string) => cp(source, target, { recursive: true });

describe('copyTree', () => {
  it('copies content, modes, times and links', async () => {
    shell(`mkdir -p a/b empty; echo text > a/b/file; printf '\\0\\377' > bytes; : > nothing
      chmod 640 a/b/file; chmod 500 a/b; chmod 755 empty
      ln -s /etc/passwd absolute; ln -s ../nowhere dangling; ln -s . self
      touch -d '2020-02-02 02:02:02' a/b/file empty; touch -h -d '2021-01-01' dangling
      touch -d '2019-01-01' a a/b .; touch -h -d '2018-01-01' absolute self bytes nothing`);
    const report = await copyTree(from, to);
    expect(report).toEqual({ entries: 9, bytes: 7, left: [] });
    expect(describeTree(to)).toEqual(describeTree(from));
    expect(readFileSync(join(to, 'a/b/file'), 'utf8')).toBe('text\n');
    expect(readdirSync(folder).sort()).toEqual(['from', 'to']);
  });

  it('copies names and link targets that are no UTF-8', async () => {
    shell(
      `echo x > "$(printf 'a\\377b')"; mkdir "$(printf '\\300')"; ln -s "$(printf '\\376')" link; touch -h -d '2019-01-01' * .`,
    );
    expect(await copyTree(from, to)).toMatchObject({ entries: 3, left: [] });
    expect(describeTree(to)).toEqual(describeTree(from));
  });

  it('skips FIFOs, sockets and devices, and says so', async () => {
    shell('mkfifo fifo; mkdir sub; mkfifo sub/fifo; echo x > file');
    const report = await copyTree(from, to);
    expect(report.entries).toBe(2);
    expect(report.left).toHaveLength(2);
    expect(report.left).toContainEqual({ path: join(from, 'sub', 'fifo'), reason: 'FIFO' });
    expect(readdirSync(to).sort()).toEqual(['file', 'sub']);
    // fs.cp gives up there, with a part of the tree under the name of the whole.
    await expect(naiveCopy(from, join(folder, 'naive'))).rejects.toMatchObject({
      code: 'ERR_FS_CP_FIFO_PIPE',
    });
    expect(existsSync(join(folder, 'naive'))).toBe(true);
  });

  it('gives no set-user-ID or set-group-ID to its copies', async () => {
    writeFileSync(join(from, 'program'), '');
    chmodSync(join(from, 'program'), 0o6755);
    mkdirSync(join(from, 'sub'));
    chmodSync(join(from, 'sub'), 0o2775);
    await copyTree(from, to);
    expect(statSync(join(to, 'program')).mode & 0o7777).toBe(0o755);
    expect(statSync(join(to, 'sub')).mode & 0o7777).toBe(0o775);
  });

  it('keeps holes', async () => {
    shell(
      'truncate -s 300M sparse; echo end >> sparse; printf start | dd of=sparse conv=notrunc status=none',
    );
    const { bytes } = await copyTree(from, to);
    expect(bytes).toBe(300 * 1024 * 1024 + 4);
    const copy = join(to, 'sparse');
    expect(statSync(copy).size).toBe(bytes);
    expect(execFileSync('cmp', [join(from, 'sparse'), copy]).toString()).toBe('');
    expect((await measureTree(to)).bytes).toBeLessThan(1024 * 1024);
  });

  it('copies a large file without holes byte for byte', async () => {
    shell('head -c 5000001 /dev/urandom > random');
    expect(await copyTree(from, to)).toMatchObject({ bytes: 5_000_001 });
    expect(execFileSync('cmp', [join(from, 'random'), join(to, 'random')]).toString()).toBe('');
  });

  it.each([
    ['a folder', () => mkdirSync(to)],
    ['a file', () => writeFileSync(to, 'precious')],
    ['a dangling link', () => symlinkSync('/nowhere', to)],
  ])('refuses where %s is already', async (_, make) => {
    make();
    const before = lstatSync(to);
    await expect(copyTree(from, to)).rejects.toMatchObject({ code: 'exists', path: to });
    expect(lstatSync(to).ino).toBe(before.ino);
    expect(readdirSync(folder).sort()).toEqual(['from', 'to']);
  });

  it('mixes with nothing; fs.cp merges two trees into one', async () => {
    shell('echo new > a');
    mkdirSync(to);
    writeFileSync(join(to, 'b'), 'old');
    await expect(copyTree(from, to)).rejects.toMatchObject({ code: 'exists' });
    await naiveCopy(from, to);
    expect(readdirSync(to)).toEqual(['a', 'b']);
  });

  it('refuses a source that is a link, a file or absent', async () => {
    symlinkSync(from, join(folder, 'link'));
    writeFileSync(join(folder, 'file'), '');
    await expect(copyTree(join(folder, 'link'), to)).rejects.toMatchObject({ code: 'not-a-folder' });
    await expect(copyTree(join(folder, 'link/'), to)).rejects.toMatchObject({ code: 'not-a-folder' });
    await expect(copyTree(join(folder, 'file'), to)).rejects.toMatchObject({ code: 'not-a-folder' });
    await expect(copyTree(join(folder, 'none'), to)).rejects.toMatchObject({ code: 'absent' });
    expect(existsSync(to)).toBe(false);
    writeFileSync(join(from, 'secret'), '');
    await naiveCopy(join(folder, 'link/'), to);
    expect(readdirSync(to)).toEqual(['secret']);
  });

  it('copies a tree into itself once', async () => {
    shell('mkdir sub; echo x > sub/file');
    const inside = join(from, 'sub', 'copy');
    expect(await copyTree(from, inside)).toMatchObject({ entries: 2 });
    expect(shell('find . | sort')).toBe(
      '.\n./sub\n./sub/copy\n./sub/copy/sub\n./sub/copy/sub/file\n./sub/file\n',
    );
  });

  it.each([
    ['bytes', { maxBytes: 999 }],
    ['entries', { maxEntries: 2 }],
  ])('stops at the bound of %s and leaves nothing', async (_, bound) => {
    shell('head -c 500 /dev/zero > a; head -c 500 /dev/zero > b; mkdir c');
    await expect(copyTree(from, to, bound)).rejects.toMatchObject({ code: 'too-large', path: from });
    expect(readdirSync(folder)).toEqual(['from']);
    expect(await copyTree(from, to, { maxBytes: 1000, maxEntries: 3 })).toMatchObject({
      bytes: 1000,
      entries: 3,
    });
  });

  it('refuses a hole of a terabyte by its size, at once', async () => {
    writeFileSync(join(from, 'hole'), '');
    truncateSync(join(from, 'hole'), 2 ** 40);
    await expect(copyTree(from, to, { maxBytes: 2 ** 30 })).rejects.toMatchObject({ code: 'too-large' });
    expect(readdirSync(folder)).toEqual(['from']);
  });

  it('copies no more of a file than it had at first, though somebody keeps writing to it', async () => {
    const log = join(from, 'log');
    writeFileSync(log, Buffer.alloc(64 * 1024 * 1024, 'x'));
    const first = statSync(log).size;
    const grow = setInterval(() => appendFileSync(log, Buffer.alloc(1024 * 1024, 'y')), 0);
    const { bytes } = await copyTree(from, to, { maxBytes: first + 1024 * 1024 }).finally(() =>
      clearInterval(grow),
    );
    expect(statSync(log).size).toBeGreaterThan(bytes);
    expect(statSync(join(to, 'log')).size).toBe(bytes);
    expect(bytes).toBeLessThanOrEqual(first + 1024 * 1024);
  });

  it('tells each entry from the top', async () => {
    shell('mkdir -p a/b; touch a/b/c');
    const seen: string[] = [];
    await copyTree(from, to, { onEntry: path => seen.push(path), durable: false });
    expect(seen).toEqual(['a', 'a/b', 'a/b/c']);
  });

  it("stops where the caller's own code throws, with that error, and leaves nothing", async () => {
    shell('touch a b c');
    const stop = new Error('stop');
    const onEntry = () => {
      throw stop;
    };
    await expect(copyTree(from, to, { onEntry })).rejects.toBe(stop);
    expect(readdirSync(folder)).toEqual(['from']);
  });

  it('copies 3,000 levels; a path to them would be too long', async () => {
    const here = process.cwd();
    process.chdir(from);
    for (let level = 0; level < 3000; level += 1) {
      mkdirSync('d');
      symlinkSync('x', 'l');
      process.chdir('d');
    }
    process.chdir(here);
    expect(run(['cp', '-r', from, join(folder, 'naive')], { env: { LC_ALL: 'C' } }).stderr).toContain(
      'File name too long',
    );
    expect(await copyTree(from, to, { durable: false })).toMatchObject({ entries: 6000, left: [] });
    expect(await measureTree(to)).toMatchObject({ entries: 6001 });
  });

  it('keeps times to the microsecond', async () => {
    const file = join(from, 'file');
    writeFileSync(file, '');
    utimesSync(file, 1_700_000_000.25, 1_700_000_000.123456);
    await copyTree(from, to);
    expect(statSync(join(to, 'file')).mtimeMs).toBeCloseTo(1_700_000_000_123.456, 2);
    expect(() => readlinkSync(join(to, 'file'))).toThrow();
  });
});
