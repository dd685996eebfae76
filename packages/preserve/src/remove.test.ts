import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { rootPaths } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { newBottle, plantLease, put, usedBottle } from '../test/bottle.js';
import { naiveRemoveTree } from '../test/naive.js';
import { listAside, setAside } from './aside.js';
import { acquireLease, readLease } from './lease.js';
import { isPreserved, markPreserved } from './marker.js';
import { removeBottle } from './remove.js';

const asideName = (identity: string, stage = 'removing') => `.${stage}-${identity}-0123456789abcdef`;

describe('removing a bottle', () => {
  it('leaves nothing of its state, and the queue and the audit log as they are', async () => {
    const paths = usedBottle();
    const other = usedBottle(paths.root);
    put(join(paths.queue, 'request.json'), '{}');
    put(join(rootPaths(paths.root).audit, 'log.jsonl'), '{}');
    const report = await removeBottle(paths);
    expect(report.left).toEqual([]);
    expect(report.entries).toBeGreaterThanOrEqual(6);
    expect(readdirSync(rootPaths(paths.root).state)).toEqual([other.identity]);
    expect(readdirSync(paths.queue)).toEqual(['request.json']);
    expect(readdirSync(rootPaths(paths.root).audit)).toEqual(['log.jsonl']);
  });

  it('is fine a second time', async () => {
    const paths = usedBottle();
    await removeBottle(paths);
    expect(await removeBottle(paths)).toEqual({ entries: 0, bytes: 0, left: [] });
  });

  it('refuses a preserved one, which is as it was, unless forced', async () => {
    const paths = usedBottle();
    await markPreserved(paths);
    await expect(removeBottle(paths)).rejects.toMatchObject({ code: 'preserved', path: paths.preserve });
    expect(readFileSync(`${paths.home}/.claude/projects/one.jsonl`, 'utf8')).toBe('hello\n');
    expect(readLease(paths)).toEqual({ state: 'none' });
    await removeBottle(paths, { force: true });
    expect(readdirSync(rootPaths(paths.root).state)).toEqual([]);
  });

  it.each([false, true])('refuses one in use (force: %s)', async force => {
    const paths = usedBottle();
    const lease = await acquireLease(paths);
    await expect(removeBottle(paths, { force })).rejects.toMatchObject({ code: 'lease-held' });
    expect(existsSync(paths.metadata)).toBe(true);
    await lease.release();
  });

  it.each([false, true])('refuses one whose owner cannot be judged (force: %s)', async force => {
    const paths = usedBottle();
    plantLease(paths, { pidNamespace: 'pid:[1]' });
    await expect(removeBottle(paths, { force })).rejects.toMatchObject({ code: 'lease-unknown' });
    expect(existsSync(paths.metadata)).toBe(true);
  });

  it('removes one whose owner is dead', async () => {
    const paths = usedBottle();
    plantLease(paths, { startTime: 1 });
    await removeBottle(paths);
    expect(readdirSync(rootPaths(paths.root).state)).toEqual([]);
  });

  it('is done by a session for itself, under the lease that it holds', async () => {
    const paths = usedBottle();
    const lease = await acquireLease(paths);
    await removeBottle(paths, { lease });
    expect(readdirSync(rootPaths(paths.root).state)).toEqual([]);
    await lease.release();
  });

  it('gives the session its bottle back, lease and all, when it was preserved meanwhile', async () => {
    const paths = usedBottle();
    const lease = await acquireLease(paths);
    await markPreserved(paths);
    await expect(removeBottle(paths, { lease })).rejects.toMatchObject({ code: 'preserved' });
    expect(readLease(paths)).toMatchObject({ state: 'alive' });
    await lease.release();
    expect(readLease(paths)).toEqual({ state: 'none' });
  });

  it('takes no lease for its own that is released, or another bottle’s', async () => {
    const paths = usedBottle();
    const other = await acquireLease(newBottle(paths.root));
    await expect(removeBottle(paths, { lease: other })).rejects.toThrow(TypeError);
    await other.release();
    await expect(removeBottle(other.paths, { lease: other })).rejects.toThrow(TypeError);
    expect(existsSync(paths.metadata)).toBe(true);
  });

  // Row 21.
  it('refuses a state folder that is a link, or a file', async () => {
    const paths = newBottle();
    const outside = usedBottle();
    rmdirSync(paths.folder);
    symlinkSync(outside.folder, paths.folder);
    await expect(removeBottle(paths, { force: true })).rejects.toMatchObject({ code: 'not-a-folder' });
    expect(existsSync(outside.metadata)).toBe(true);
    const file = newBottle(paths.root);
    rmdirSync(file.folder);
    writeFileSync(file.folder, '');
    await expect(removeBottle(file, { force: true })).rejects.toMatchObject({ code: 'not-a-folder' });
    expect(() => naiveRemoveTree(paths.folder)).toThrow('ENOTDIR');
    expect(readdirSync(outside.folder)).toEqual([]);
  });

  // Row 19.
  it('removes links, not what they lead to', async () => {
    const paths = usedBottle();
    const home = temporaryFolder();
    writeFileSync(join(home, 'id_ed25519'), 'key');
    symlinkSync(home, join(paths.home, 'link-to-home'));
    symlinkSync(home, join(paths.folder, 'transcript'));
    symlinkSync(paths.folder, join(paths.home, 'loop'));
    expect((await removeBottle(paths)).left).toEqual([]);
    expect(readdirSync(rootPaths(paths.root).state)).toEqual([]);
    expect(readFileSync(join(home, 'id_ed25519'), 'utf8')).toBe('key');

    const other = usedBottle();
    symlinkSync(home, join(other.home, 'link-to-home'));
    expect(() => naiveRemoveTree(other.folder, 'statSync')).toThrow('ENOTDIR');
    expect(readdirSync(home)).toEqual([]);
  });

  // Row 23, where it matters at this level: the folder goes whatever the agent left in it.
  it('removes FIFOs, folders of mode 000 and a tree deeper than a path may be long', async () => {
    const paths = usedBottle();
    execFileSync('mkfifo', [join(paths.home, 'fifo')]);
    mkdirSync(join(paths.home, 'locked'), { mode: 0 });
    const [deep, above] = [join(paths.home, 'deep'), join(paths.home, 'above')];
    mkdirSync(deep);
    // From the bottom up, for no call takes the path of what is below.
    for (let level = 0; level < 300; level++) {
      mkdirSync(above);
      renameSync(deep, join(above, 'd'.repeat(200)));
      renameSync(above, deep);
    }
    expect(() => naiveRemoveTree(paths.folder)).toThrow('ENAMETOOLONG');
    expect((await removeBottle(paths)).left).toEqual([]);
    expect(readdirSync(rootPaths(paths.root).state)).toEqual([]);
  });
});

describe('what an earlier clean-up left', () => {
  it.each(['removing', 'removed'])('is finished, when it was cut off at “%s”', async stage => {
    const paths = usedBottle();
    renameSync(paths.folder, join(paths.root, 'state', asideName(paths.identity, stage)));
    expect((await removeBottle(paths)).entries).toBeGreaterThanOrEqual(6);
    expect(readdirSync(rootPaths(paths.root).state)).toEqual([]);
  });

  it('comes back when a marker was acknowledged before it was decided', async () => {
    const paths = usedBottle();
    await markPreserved(paths);
    setAside(paths);
    await expect(removeBottle(paths)).rejects.toMatchObject({ code: 'preserved' });
    expect(isPreserved(paths)).toBe(true);
    expect(existsSync(paths.metadata)).toBe(true);
  });

  it('does not come back, half removed, once it was decided', async () => {
    const paths = usedBottle();
    await markPreserved(paths);
    renameSync(paths.folder, join(paths.root, 'state', asideName(paths.identity, 'removed')));
    await removeBottle(paths);
    expect(readdirSync(rootPaths(paths.root).state)).toEqual([]);
  });

  it('is told from names that only look like it', async () => {
    const paths = newBottle();
    for (const name of [
      '.removing-..-0123456789abcdef',
      '.removing-x',
      '.removed-Demo-aaaaa-0123456789abcdef',
      '.removing-a-0123456789abcdef',
    ])
      mkdirSync(join(paths.root, 'state', name));
    expect(listAside(paths.root)).toEqual([]);
  });
});
