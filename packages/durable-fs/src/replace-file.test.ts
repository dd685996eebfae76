import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { createFile, DurableFsError, replaceFile, replaceFileSync } from './index.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder({ memory: true });
  path = join(folder, 'file');
});

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('replaceFile', () => {
  it.each([
    ['text', 'grüße\n', Buffer.from('grüße\n')],
    ['bytes', new Uint8Array([0, 255, 10]), Buffer.from([0, 255, 10])],
    ['nothing at all', '', Buffer.alloc(0)],
    ['many bytes', Buffer.alloc(3_000_000, 7), Buffer.alloc(3_000_000, 7)],
  ])('puts %s in place and leaves nothing else in the folder', async (_, data, expected) => {
    await replaceFile(path, data);
    expect(readFileSync(path).equals(expected)).toBe(true);
    replaceFileSync(path, data);
    expect(readFileSync(path).equals(expected)).toBe(true);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('gives a new file mode 0644, whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      await replaceFile(path, 'x');
    } finally {
      process.umask(umask);
    }
    expect(modeOf(path)).toBe(0o644);
  });

  it('keeps the mode of the file that it replaces', async () => {
    writeFileSync(path, 'old', { mode: 0o600 });
    await replaceFile(path, 'new');
    expect(modeOf(path)).toBe(0o600);
  });

  it('sets the mode that it is told', async () => {
    writeFileSync(path, 'old', { mode: 0o600 });
    await replaceFile(path, 'new', { mode: 0o640 });
    expect(modeOf(path)).toBe(0o640);
  });

  it('replaces a link at the target and leaves alone what it points to; writeFile writes there', async () => {
    const outside = join(folder, 'outside');
    writeFileSync(outside, 'precious', { mode: 0o600 });
    symlinkSync(outside, path);
    await replaceFile(path, 'new');
    expect(readFileSync(outside, 'utf8')).toBe('precious');
    expect(lstatSync(path).isFile()).toBe(true);
    expect(modeOf(path)).toBe(0o644);
    unlinkSync(path);
    symlinkSync(outside, path);
    writeFileSync(path, 'new');
    expect(readFileSync(outside, 'utf8')).toBe('new');
  });

  it('leaves alone another name of the same inode; writeFile changes both', async () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'precious');
    linkSync(other, path);
    await replaceFile(path, 'new');
    expect(readFileSync(other, 'utf8')).toBe('precious');
    expect(readFileSync(path, 'utf8')).toBe('new');
    unlinkSync(path);
    linkSync(other, path);
    writeFileSync(path, 'new');
    expect(readFileSync(other, 'utf8')).toBe('new');
  });

  it('refuses a folder that is a link', async () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
    for (const bad of [join(folder, 'link', 'file'), join(folder, 'link', '.', 'file')]) {
      await expect(replaceFile(bad, 'x')).rejects.toMatchObject({ code: 'not-a-folder', errno: 'ENOTDIR' });
    }
    expect(readdirSync(join(folder, 'real'))).toEqual([]);
    writeFileSync(join(folder, 'link', 'file'), 'x');
    expect(readdirSync(join(folder, 'real'))).toEqual(['file']);
  });

  it('refuses to replace a folder, and leaves no temporary', async () => {
    mkdirSync(path);
    await expect(replaceFile(path, 'x')).rejects.toMatchObject({ code: 'not-a-file', path });
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('says which folder is absent', async () => {
    const missing = join(folder, 'no', 'file');
    const error = await replaceFile(missing, 'x').catch(thrown => thrown);
    expect(error).toBeInstanceOf(DurableFsError);
    expect(error).toMatchObject({ code: 'absent', path: join(folder, 'no'), errno: 'ENOENT' });
    expect(error.message).toBe(`cannot open the folder ${folder}/no: ENOENT: no such file or directory`);
    expect(error.cause).toMatchObject({ code: 'ENOENT', syscall: 'open' });
  });

  it.each(['', '/', 'a\0b', '..//../../../../../../../../../../..'])(
    'refuses %j, which names no file',
    async bad => {
      await expect(replaceFile(bad, 'x')).rejects.toMatchObject({ code: 'bad-path' });
    },
  );

  it('takes a name of 255 bytes, the longest there is', async () => {
    const long = join(folder, 'ü'.repeat(127));
    await replaceFile(long, 'x');
    expect(readFileSync(long, 'utf8')).toBe('x');
  });

  it('shows a reader one whole file while forty writers are at it', async () => {
    const contents = Array.from({ length: 40 }, (_, n) => String.fromCharCode(48 + n).repeat(100_000));
    const writes = Promise.all(contents.map(content => replaceFile(path, content)));
    let over = false;
    const done = writes.finally(() => {
      over = true;
    });
    let reads = 0;
    while (!over) {
      await new Promise(setImmediate);
      const seen = lstatSync(path, { throwIfNoEntry: false }) ? readFileSync(path, 'utf8') : contents[0];
      expect(contents.includes(seen ?? '')).toBe(true);
      reads += 1;
    }
    await done;
    expect(reads).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

describe('createFile', () => {
  it('creates a file where there is none, with the mode it is told', async () => {
    await createFile(path, 'first', { mode: 0o600 });
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(modeOf(path)).toBe(0o600);
    expect(statSync(path).nlink).toBe(1);
  });

  it('lets one of many win', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => createFile(path, `${n}`)));
    const winners = tries.flatMap(({ status }, n) => (status === 'fulfilled' ? [`${n}`] : []));
    expect(winners).toEqual([readFileSync(path, 'utf8')]);
    for (const lost of tries) if (lost.status === 'rejected') expect(lost.reason.code).toBe('exists');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('is not what many have who look before they write: several win', async () => {
    const lookThenWrite = async (text: string) => {
      const isThere = await stat(path).catch(() => null);
      if (isThere) throw new Error('exists');
      await writeFile(path, text);
    };
    const tries = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => lookThenWrite(`${n}`)));
    expect(tries.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(1);
  });

  it('takes a dangling link for something that exists', async () => {
    symlinkSync(join(folder, 'nowhere'), path);
    await expect(createFile(path, 'x')).rejects.toMatchObject({ code: 'exists' });
    expect(readdirSync(folder)).toEqual(['file']);
    writeFileSync(path, 'x');
    expect(readdirSync(folder)).toEqual(['file', 'nowhere']);
  });
});
