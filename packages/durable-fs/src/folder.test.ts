import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describeWith, runParallel, temporaryFolder, trace } from '@bot-bottle/test-kit';
import { durably } from '../test/built.js';
import { createFolder, ensureFolder, processMark, removeFile, sweepTemporaries } from './index.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder({ memory: true });
  path = join(folder, 'new');
});

const refusal = (code: string) => expect.objectContaining({ name: 'DurableFsError', code });

describe('createFolder', () => {
  it('creates one folder, private unless told otherwise, whatever the umask', () => {
    const umask = process.umask(0o027);
    try {
      createFolder(path);
      createFolder(join(path, 'shared'), { mode: 0o777 });
    } finally {
      process.umask(umask);
    }
    expect(statSync(path).mode & 0o7777).toBe(0o700);
    expect(statSync(join(path, 'shared')).mode & 0o7777).toBe(0o777);
  });

  it('refuses what exists, and creates nothing above it', () => {
    createFolder(path);
    expect(() => createFolder(path)).toThrow(refusal('exists'));
    expect(() => createFolder(join(folder, 'a', 'b'))).toThrow(refusal('absent'));
    symlinkSync('/nowhere', join(folder, 'link'));
    expect(() => createFolder(join(folder, 'link'))).toThrow(refusal('exists'));
    expect(readdirSync(folder).sort()).toEqual(['link', 'new']);
  });

  it('lets one of eight processes win; mkdir with `recursive` lets all of them', async () => {
    const contest = async (create: string) => {
      const source = `import { createFolder } from ${JSON.stringify(join(__dirname, '..', 'dist', 'index.js'))};
        import { mkdirSync } from 'node:fs';
        export default (number, path) => { ${create}; return 'won'; };`;
      const outcomes = await runParallel(8, source, [path]);
      return outcomes.map(({ stdout, stderr }) => (stdout ? JSON.parse(stdout) : JSON.parse(stderr).code));
    };
    expect((await contest('createFolder(path)')).sort()).toEqual([...Array(7).fill('exists'), 'won']);
    expect(await contest('mkdirSync(path, { recursive: true })')).toEqual(Array(8).fill('won'));
  });
});

describeWith('strace', 'createFolder under strace', () => {
  const stepsOf = (body: string) =>
    trace(durably(body, path), { syscalls: ['mkdir', 'fsync'] }).calls.map(
      ({ name, args }) => `${name} ${/<(.*)>/.exec(args)?.[1] ?? ''}`,
    );

  it('syncs the folder and the one above; mkdir syncs nothing', () => {
    expect(stepsOf('fs.mkdirSync(...args)')).toEqual(['mkdir ']);
    rmdirSync(path);
    expect(stepsOf('createFolder(...args)')).toEqual(['mkdir ', `fsync ${path}`, `fsync ${folder}`]);
  });
});

describe('ensureFolder', () => {
  it('creates a folder or leaves it as it is', () => {
    ensureFolder(path, { mode: 0o750 });
    writeFileSync(join(path, 'file'), '');
    ensureFolder(path, { mode: 0o700 });
    expect(statSync(path).mode & 0o777).toBe(0o750);
    expect(readdirSync(path)).toEqual(['file']);
  });

  it('refuses a link to a folder, and a file', () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', path);
    writeFileSync(join(folder, 'file'), '');
    expect(() => ensureFolder(path)).toThrow(refusal('not-a-folder'));
    expect(() => ensureFolder(`${path}/`)).toThrow(refusal('not-a-folder'));
    expect(() => ensureFolder(join(folder, 'file'))).toThrow(refusal('not-a-folder'));
    expect(() => ensureFolder(join(folder, 'a', 'b'))).toThrow(refusal('absent'));
  });
});

describe('removeFile', () => {
  it('removes a file and says whether it was there', async () => {
    writeFileSync(path, '');
    expect(await removeFile(path)).toBe(true);
    expect(await removeFile(path)).toBe(false);
    expect(await removeFile(join(folder, 'absent', 'file'))).toBe(false);
  });

  it('removes a link and leaves what it points to', async () => {
    const target = join(folder, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, path);
    expect(await removeFile(path)).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('precious');
  });

  it('refuses a folder', async () => {
    mkdirSync(path);
    await expect(removeFile(path)).rejects.toEqual(refusal('not-a-file'));
    expect(existsSync(path)).toBe(true);
  });
});

describe('sweepTemporaries', () => {
  const { pid, startTime, bootId, pidNamespace } = processMark();
  const boot = bootId.slice(0, 8);
  const space = pidNamespace.replace(/\D/g, '');
  const nameOf = (...mark: (string | number)[]) => `.record.tmp-${mark.join('.')}-0123456789ab`;
  const dead = nameOf(pid, startTime + 1, boot, space);
  const rebooted = nameOf(pid, startTime, '00000000', space);
  const alive = nameOf(pid, startTime, boot, space);
  const elsewhere = nameOf(pid, startTime, boot, 1);

  it('removes files and trees of dead writers, and nothing else', async () => {
    const kept = ['record', '.record', '.record.tmp-x', '.record.tmp', alive, elsewhere];
    for (const name of [...kept, rebooted]) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, dead, 'with', 'things'), { recursive: true });
    expect((await sweepTemporaries(folder)).sort()).toEqual([dead, rebooted].sort());
    expect(readdirSync(folder).sort()).toEqual(kept.sort());
    // The naive sweep goes by the name alone, and takes what a living writer is about to rename.
    for (const name of readdirSync(folder)) if (name.includes('.tmp')) unlinkSync(join(folder, name));
    expect(readdirSync(folder)).not.toContain(alive);
  });

  it('removes a planted link with such a name, and not what it points to', async () => {
    const target = join(folder, 'target');
    mkdirSync(target);
    writeFileSync(join(target, 'precious'), '');
    symlinkSync(target, join(folder, dead));
    expect(await sweepTemporaries(folder)).toEqual([dead]);
    expect(readdirSync(target)).toEqual(['precious']);
    expect(lstatSync(target).isDirectory()).toBe(true);
  });

  it('finds nothing in an absent folder', async () => {
    expect(await sweepTemporaries(path)).toEqual([]);
  });
});
