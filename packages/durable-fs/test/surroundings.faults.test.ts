/** FAULTS.md rows 21-23: a link at the top, mounts inside, rights taken away. */
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describeWith, describeWithMounts, run, temporaryFolder, withMounts } from '@bot-bottle/test-kit';
import { durably } from './built.js';
import { expectOutsideIntact, makeTree } from './victim.js';

let folder: string;
let tree: string;
let outside: string;
let copy: string;

beforeEach(() => {
  folder = temporaryFolder();
  tree = join(folder, 'tree');
  outside = join(folder, 'outside');
  copy = join(folder, 'copy');
  makeTree(folder);
});

const remove = () => durably('return removeTree(...args);', tree);
const copyThere = () => durably('return copyTree(...args);', tree, copy);

/** What people usually call. */
const naive = {
  remove: () => ['rm', '-rf', tree],
  copy: () => durably('await fs.promises.cp(...args, { recursive: true });', tree, copy),
};

describe('a state folder that is a link', () => {
  const everything = () =>
    execFileSync('grep', ['-r', '.', folder]).toString() + execFileSync('find', [folder]);

  it.each([
    ['replaceFile', 'await replaceFile(link + "/a", "x")', 'fs.writeFileSync(link + "/a", "x")'],
    ['createFile', 'await createFile(link + "/file", "x")', 'fs.writeFileSync(link + "/file", "x")'],
    ['createFolder', 'createFolder(link + "/folder")', 'fs.mkdirSync(link + "/folder")'],
    ['ensureFolder', 'durable.ensureFolder(link)', 'fs.mkdirSync(link, { recursive: true })'],
    ['removeFile', 'await removeFile(link + "/a")', 'fs.unlinkSync(link + "/a")'],
    ['removeTree', 'await removeTree(link + "/a")', 'fs.rmSync(link + "/a", { recursive: true })'],
    ['copyTree', 'await copyTree(link, copy)', 'fs.cpSync(link + "/", copy, { recursive: true })'],
    [
      'copyTree into it',
      'await copyTree(link + "/../tree", link + "/copy")',
      'fs.cpSync(link + "/../tree", link + "/copy", { recursive: true })',
    ],
    ['acquireClaim', 'await acquireClaim(link + "/lease")', 'fs.mkdirSync(link + "/lease")'],
    ['readClaim', 'readClaim(link + "/lease")', 'fs.existsSync(link + "/lease")'],
    [
      'sweepTemporaries',
      'await durable.sweepTemporaries(link + "/")',
      'for (const name of fs.readdirSync(link)) fs.unlinkSync(link + "/" + name)',
    ],
  ])('is refused by %s; the naive way goes in', (name, durable, naive) => {
    const link = join(folder, 'state');
    symlinkSync(outside, link);
    const through = (body: string) => run(durably(`const [link, copy] = args; ${body}`, link, copy));
    const { stderr, status } = through(durable);
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ name: 'DurableFsError', code: 'not-a-folder' });
    expectOutsideIntact(folder);
    expect(readdirSync(folder)).toEqual(['outside', 'state', 'tree']);

    const before = everything();
    expect(through(naive)).toMatchObject({ status: 0, stderr: '' });
    if (['ensureFolder', 'readClaim'].includes(name)) expect(everything()).toBe(before);
    else expect(everything()).not.toBe(before);
  });
});

describeWithMounts('a mount inside a tree', () => {
  // The second lies on the same file system: its device number is the same as its surroundings'.
  const mounts = () => `mkdir '${tree}/tmpfs' '${tree}/bind'
    mount -t tmpfs tmpfs '${tree}/tmpfs'; echo x > '${tree}/tmpfs/file'
    mount --bind '${outside}' '${tree}/bind'
    touch '${tree}/one-file'; mount --bind '${outside}/a' '${tree}/one-file'`;
  const left = (...names: string[]) =>
    expect.arrayContaining(names.map(name => ({ path: join(tree, name), reason: 'mount point' })));

  it('is neither removed nor entered, and reported', () => {
    const { stdout } = run(withMounts(mounts(), durably('return removeTree(...args);', tree)));
    expect(JSON.parse(stdout).left).toHaveLength(3);
    expect(JSON.parse(stdout).left).toEqual(left('tmpfs', 'bind', 'one-file'));
    expectOutsideIntact(folder);
    expect(readdirSync(tree).sort()).toEqual(['bind', 'one-file', 'tmpfs']);
  });

  it('at the top is neither removed nor entered, and reported', () => {
    const onTop = `mount --bind '${outside}' '${tree}'`;
    const { stdout } = run(withMounts(onTop, durably('return removeTree(...args);', tree)));
    expect(JSON.parse(stdout).left).toEqual([{ path: tree, reason: 'mount point' }]);
    expectOutsideIntact(folder);
  });

  it('is emptied by rm -rf', () => {
    run(withMounts(`mkdir '${tree}/bind'; mount --bind '${outside}' '${tree}/bind'`, naive.remove()));
    expect(readdirSync(outside)).toEqual([]);
  });

  it('is not copied, and reported', () => {
    const { stdout } = run(withMounts(mounts(), durably('return copyTree(...args);', tree, copy)));
    expect(JSON.parse(stdout).left).toHaveLength(3);
    expect(JSON.parse(stdout).left).toEqual(left('tmpfs', 'bind', 'one-file'));
    expect(readdirSync(copy).sort()).toEqual(['link', 'sub']);
  });

  it('is copied in by fs.cp', () => {
    expect(run(withMounts(mounts(), naive.copy())).status).toBe(0);
    expect(readFileSync(join(copy, 'bind', 'a'), 'utf8')).toBe('precious');
    expect(readFileSync(join(copy, 'tmpfs', 'file'), 'utf8')).toBe('x\n');
  });

  it('is not measured', () => {
    const both = `return [await durable.measureTree(args[0]), await durable.measureTree(args[0] + '/bind')];`;
    const { stdout } = run(withMounts(mounts(), durably(both, tree)));
    const [all, mounted] = JSON.parse(stdout);
    expect(all.entries).toBe(8 + 3);
    expect(mounted.entries).toBe(1);
  });
});

const isRoot = process.getuid?.() === 0;
/** Also for root, rights count: it runs without its capabilities. */
const powerless = (command: readonly string[]) =>
  isRoot ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--', ...command] : [...command];

describeWith('setpriv', 'a tree whose rights were taken away', () => {
  it('is removed all the same where it is ours', () => {
    execFileSync(
      'sh',
      ['-c', 'mkdir -p x/y/z; touch x/y/z/f; chmod 000 x/y/z x/y x; chmod 400 sub; chmod 300 sub/inner'],
      { cwd: tree },
    );
    // rm cannot enter what may not be read, and leaves it.
    expect(run(powerless(naive.remove())).status).toBe(1);
    expect(existsSync(join(tree, 'x'))).toBe(true);
    const { stdout, stderr } = run(powerless(remove()));
    expect({ stderr, left: JSON.parse(stdout).left }).toEqual({ stderr: '', left: [] });
    expect(readdirSync(folder)).toEqual(['outside']);
  });

  // Only root can make a folder that belongs to somebody else.
  (isRoot ? it : it.skip)('is reported where it is not ours, and the rest is removed', () => {
    const theirs = join(tree, 'theirs');
    mkdirSync(theirs);
    writeFileSync(join(theirs, 'file'), '');
    chownSync(theirs, 65534, 65534);
    const { stdout } = run(powerless(remove()));
    expect(JSON.parse(stdout).left).toEqual([{ path: join(theirs, 'file'), reason: 'EACCES' }]);
    expect(readdirSync(tree)).toEqual(['theirs']);
  });

  it('is copied but for what may not be read, which is reported', () => {
    execFileSync('sh', ['-c', 'chmod 000 sub/a sub/inner'], { cwd: tree });
    // fs.cp gives up at the first, and leaves a part under the name of the whole.
    expect(run(powerless(naive.copy())).status).toBe(1);
    expect(existsSync(copy)).toBe(true);
    rmSync(copy, { recursive: true });
    const { stdout } = run(powerless(copyThere()));
    expect(JSON.parse(stdout).left).toEqual(
      expect.arrayContaining([
        { path: join(tree, 'sub', 'a'), reason: 'EACCES' },
        { path: join(tree, 'sub', 'inner'), reason: 'EACCES' },
      ]),
    );
    expect(readdirSync(join(copy, 'sub'))).toEqual(['b', 'c']);
  });
});
