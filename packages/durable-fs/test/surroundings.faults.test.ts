/** FAULTS.md rows 21-23: a link at the top, mounts inside, rights taken away. */
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
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

describe('a state folder that is a link', () => {
  it.each([
    ['replaceFile', (link: string) => durably('await replaceFile(args[0] + "/file", "x")', link)],
    ['createFile', (link: string) => durably('await createFile(args[0] + "/file", "x")', link)],
    ['createFolder', (link: string) => durably('createFolder(args[0] + "/folder")', link)],
    ['ensureFolder', (link: string) => durably('durable.ensureFolder(args[0])', link)],
    ['removeFile', (link: string) => durably('await removeFile(args[0] + "/a")', link)],
    ['removeTree', (link: string) => durably('await removeTree(args[0] + "/a")', link)],
    ['copyTree', (link: string) => durably('await copyTree(args[0], args[0] + "-copy")', link)],
    [
      'copyTree into it',
      (link: string) => durably('await copyTree(args[0] + "/../tree", args[0] + "/copy")', link),
    ],
    ['acquireClaim', (link: string) => durably('await acquireClaim(args[0] + "/lease")', link)],
    ['readClaim', (link: string) => durably('readClaim(args[0] + "/lease")', link)],
    ['sweepTemporaries', (link: string) => durably('await durable.sweepTemporaries(args[0] + "/")', link)],
  ])('is refused by %s', (_, command) => {
    const link = join(folder, 'state');
    symlinkSync(outside, link);
    const { stderr, status } = run(command(link));
    expect(status).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ name: 'DurableFsError', code: 'not-a-folder' });
    expectOutsideIntact(folder);
    expect(readdirSync(folder)).toEqual(['outside', 'state', 'tree']);
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
    run(withMounts(`mkdir '${tree}/bind'; mount --bind '${outside}' '${tree}/bind'`, ['rm', '-rf', tree]));
    expect(readdirSync(outside)).toEqual([]);
  });

  it('is not copied, and reported', () => {
    const { stdout } = run(withMounts(mounts(), durably('return copyTree(...args);', tree, copy)));
    expect(JSON.parse(stdout).left).toHaveLength(3);
    expect(JSON.parse(stdout).left).toEqual(left('tmpfs', 'bind', 'one-file'));
    expect(readdirSync(copy).sort()).toEqual(['link', 'sub']);
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
