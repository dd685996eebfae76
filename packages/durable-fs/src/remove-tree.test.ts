import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  constants as fsConstants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { measureTree, removeTree } from './index.js';

let folder: string;
let tree: string;

beforeEach(() => {
  folder = temporaryFolder({ memory: true });
  tree = join(folder, 'tree');
  mkdirSync(tree);
});

/** How many files and folders of this test are open; a path that is too long to be told is a deep one of ours. */
const openFiles = () =>
  readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch (error) {
      return error instanceof Error && error.message.startsWith('ENAMETOOLONG');
    }
  }).length;
const shell = (script: string, cwd = tree) => execFileSync('sh', ['-ec', script], { cwd });

/** Goes down by one folder at a time: the whole path would be longer than PATH_MAX. */
function makeDeep(levels: number): void {
  const from = process.cwd();
  process.chdir(tree);
  try {
    for (let level = 0; level < levels; level += 1) {
      mkdirSync('d');
      writeFileSync('f', 'x');
      process.chdir('d');
    }
  } finally {
    process.chdir(from);
  }
}

/** The walk that people usually write: by path, and through whatever stat(2) says is a folder. */
function naiveRemove(path: string): void {
  for (const name of readdirSync(path)) {
    const below = join(path, name);
    if (statSync(below).isDirectory()) naiveRemove(below);
    else unlinkSync(below);
  }
  rmdirSync(path);
}

describe('removeTree', () => {
  it('removes a tree and counts what it removed', async () => {
    shell('mkdir -p a/b c; echo hello > a/b/file; echo x > c/file; touch empty');
    expect(await removeTree(tree)).toMatchObject({ entries: 7, left: [] });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is done where nothing is, also where the folder above is absent', async () => {
    const nothing = { entries: 0, bytes: 0, left: [] };
    expect(await removeTree(join(folder, 'absent'))).toEqual(nothing);
    expect(await removeTree(join(folder, 'absent', 'below'))).toEqual(nothing);
  });

  it('removes a single file', async () => {
    writeFileSync(join(folder, 'file'), 'x');
    expect(await removeTree(join(folder, 'file'))).toMatchObject({ entries: 1, left: [] });
    expect(readdirSync(folder)).toEqual(['tree']);
  });

  it('removes a link to a folder with things in it, and leaves the things', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    writeFileSync(join(home, 'precious'), 'x');
    symlinkSync(home, join(tree, 'home'));
    symlinkSync('..', join(tree, 'up'));
    symlinkSync('loop', join(tree, 'loop'));
    expect(await removeTree(tree)).toMatchObject({ entries: 4, left: [] });
    expect(readFileSync(join(home, 'precious'), 'utf8')).toBe('x');

    mkdirSync(tree);
    symlinkSync(home, join(tree, 'home'));
    expect(() => naiveRemove(tree)).toThrow('ENOTDIR');
    expect(readdirSync(home)).toEqual([]);
  });

  it('removes a link that leads to itself, on which a walk by stat gives up', async () => {
    symlinkSync('loop', join(tree, 'loop'));
    expect(() => naiveRemove(tree)).toThrow('ELOOP');
    expect(await removeTree(tree)).toMatchObject({ entries: 2, left: [] });
  });

  it('removes the link itself when the top is one, with or without a slash at the end', async () => {
    for (const name of ['link', 'link/']) {
      symlinkSync(tree, join(folder, 'link'));
      expect(await removeTree(join(folder, name))).toMatchObject({ entries: 1 });
      expect(readdirSync(folder)).toEqual(['tree']);
    }
  });

  it('refuses a path through a link', async () => {
    mkdirSync(join(tree, 'inner'));
    symlinkSync(tree, join(folder, 'link'));
    await expect(removeTree(join(folder, 'link', 'inner'))).rejects.toMatchObject({ code: 'not-a-folder' });
    expect(existsSync(join(tree, 'inner'))).toBe(true);
    rmSync(join(folder, 'link', 'inner'), { recursive: true });
    expect(existsSync(join(tree, 'inner'))).toBe(false);
  });

  it('removes FIFOs, sockets and devices without opening them', async () => {
    shell('mkfifo fifo');
    const server = createServer();
    await new Promise<void>(resolve => server.listen(join(tree, 'socket'), resolve));
    let kinds = 3;
    // Only root may make devices; without it there is one kind fewer.
    if (process.getuid?.() === 0) shell('mknod device c 1 3');
    else kinds -= 1;
    expect(await removeTree(tree)).toMatchObject({ entries: kinds + 1, left: [] });
    await new Promise(resolve => server.close(resolve));
  });

  it('removes names that are no UTF-8, and names that look like options or paths', async () => {
    shell(
      `touch -- "$(printf 'a\\377b')" -rf '*' ' ' "$(printf 'new\\nline')"; mkdir "$(printf '\\300\\257')"`,
    );
    expect(await removeTree(tree)).toMatchObject({ entries: 7, left: [] });
    expect(existsSync(tree)).toBe(false);
  });

  it('removes 10,000 levels with a bounded number of open files; a path to them would be too long', async () => {
    makeDeep(10_000);
    expect(() => naiveRemove(tree)).toThrow('ENAMETOOLONG');
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, openFiles());
    }, 1);
    const report = await removeTree(tree);
    clearInterval(watch);
    expect(report).toMatchObject({ entries: 20_001, left: [] });
    expect(existsSync(tree)).toBe(false);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(40);
    expect(openFiles()).toBe(0);
  });

  it('removes 100,000 files, and lets others have their turn meanwhile', async () => {
    const listed = 100_000;
    for (let n = 0; n < listed; n += 1)
      closeSync(openSync(join(tree, `${n}`), fsConstants.O_CREAT | fsConstants.O_WRONLY));
    let turns = 0;
    const others = setInterval(() => {
      turns += 1;
    }, 1);
    const report = await removeTree(tree);
    clearInterval(others);
    expect(report).toMatchObject({ entries: listed + 1, left: [] });
    expect(turns).toBeGreaterThan(5);
  });

  it('goes on where somebody else removes the same things', async () => {
    for (const sub of ['a', 'b', 'c']) {
      mkdirSync(join(tree, sub));
      for (let n = 0; n < 2000; n += 1) writeFileSync(join(tree, sub, `${n}`), '');
    }
    const reports = await Promise.all([removeTree(tree), removeTree(tree), removeTree(tree)]);
    expect(reports.flatMap(({ left }) => left)).toEqual([]);
    expect(reports.reduce((sum, { entries }) => sum + entries, 0)).toBe(6004);
    expect(existsSync(tree)).toBe(false);
  });

  it('reports a folder that somebody keeps refilling, and comes to an end', async () => {
    for (let n = 0; n < 20_000; n += 1) writeFileSync(join(tree, `${n}`), '');
    let number = 0;
    let over = false;
    // Fills it at every chance that the removal gives to others.
    const refill = () => {
      if (over) return;
      try {
        writeFileSync(join(tree, `more-${number}`), '');
        number += 1;
      } catch {}
      setImmediate(refill);
    };
    refill();
    const report = await removeTree(tree);
    over = true;
    expect(number).toBeGreaterThan(1);
    expect(existsSync(tree) ? report.left.map(({ reason }) => reason) : ['changed']).toEqual(['changed']);
  });
});

describe('measureTree', () => {
  it('tells the bytes that a tree takes on the disk, as du does', async () => {
    shell(
      'mkdir -p a/b; head -c 100000 /dev/zero > a/b/file; ln a/b/file a/again; truncate -s 1G sparse; ln -s /usr link',
    );
    const [kilobytes] = execFileSync('du', ['-sk', tree]).toString().split('\t');
    expect(await measureTree(tree)).toEqual({ bytes: Number(kilobytes) * 1024, entries: 7 });
  });

  it('tells nothing of what is absent, and a link from its target', async () => {
    expect(await measureTree(join(folder, 'absent'))).toEqual({ bytes: 0, entries: 0 });
    symlinkSync('/usr', join(folder, 'link'));
    const { blocks } = lstatSync(join(folder, 'link'));
    expect(await measureTree(join(folder, 'link'))).toEqual({ bytes: blocks * 512, entries: 1 });
  });

  it('measures 10,000 levels and closes what it opened', async () => {
    makeDeep(10_000);
    expect(await measureTree(tree)).toMatchObject({ entries: 20_001 });
    expect(openFiles()).toBe(0);
    await removeTree(tree);
  });

  it('comes to an end while the tree is being removed', async () => {
    for (let n = 0; n < 5000; n += 1) writeFileSync(join(tree, `${n}`), '');
    const [{ entries }] = await Promise.all([measureTree(tree), removeTree(tree)]);
    expect(entries).toBeLessThanOrEqual(5001);
    expect(existsSync(tree)).toBe(false);
  });
});
