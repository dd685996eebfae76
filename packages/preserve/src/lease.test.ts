import { existsSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processMark } from '@bot-bottle/durable-fs';
import { rootPaths } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { newBottle, plantLease, put } from '../test/bottle.js';
import { setAside } from './aside.js';
import { acquireLease, acquireLeaseToRemove, readLease, reserveBottle } from './lease.js';

describe('the lease', () => {
  it('tells who owns a bottle, and what it said of itself', async () => {
    const paths = newBottle();
    expect(readLease(paths)).toEqual({ state: 'none' });
    const lease = await acquireLease(paths, { backend: 'local' });
    expect(readLease(paths)).toEqual({
      state: 'alive',
      owner: { ...processMark(), note: { backend: 'local' } },
    });
    expect(lease).toMatchObject({ paths, released: false });
    await lease.release();
    expect(lease.released).toBe(true);
    expect(readLease(paths)).toEqual({ state: 'none' });
    expect(readdirSync(paths.folder)).toEqual([]);
  });

  it('is refused while its owner lives, which is named', async () => {
    const paths = newBottle();
    const lease = await acquireLease(paths, { backend: 'local' });
    await expect(acquireLease(paths)).rejects.toMatchObject({
      code: 'lease-held',
      path: paths.lease,
      owner: { pid: process.pid, note: { backend: 'local' } },
      message: `${paths.identity} is in use by process ${process.pid}`,
    });
    await lease.release();
    await (await acquireLease(paths)).release();
  });

  it('is not taken from its next owner when it is released twice', async () => {
    const paths = newBottle();
    const first = await acquireLease(paths);
    await first.release();
    const second = await acquireLease(paths, { second: true });
    await first.release();
    expect(readLease(paths)).toMatchObject({ state: 'alive', owner: { note: { second: true } } });
    await second.release();
  });

  // Row 14: a number alone does not name a process.
  it.each([
    ['whose process id another process has now', { startTime: 1 }],
    ['that a reboot killed', { bootId: '00000000-0000-4000-8000-000000000000' }],
    ['that was killed', { pid: 2 ** 22 + 1 }],
  ])('is taken over from an owner %s', async (_name, owner) => {
    const paths = newBottle();
    plantLease(paths, owner);
    // The naive look, kill(pid, 0), finds a process of that id: this one.
    if (!('pid' in owner)) expect(process.kill(process.pid, 0)).toBe(true);
    expect(readLease(paths)).toMatchObject({ state: 'dead', owner: { pid: process.pid, ...owner } });
    const lease = await acquireLease(paths);
    expect(readLease(paths)).toMatchObject({ state: 'alive', owner: { pid: process.pid } });
    await lease.release();
  });

  it('is never taken over from an owner in another PID namespace, where our numbers mean nothing', async () => {
    const paths = newBottle();
    plantLease(paths, { pid: 2 ** 22 + 1, pidNamespace: 'pid:[1]' });
    expect(readLease(paths)).toMatchObject({ state: 'unknown', owner: { pid: 2 ** 22 + 1 } });
    await expect(acquireLease(paths)).rejects.toMatchObject({ code: 'lease-unknown', path: paths.lease });
    expect(readLease(paths)).toMatchObject({ state: 'unknown' });
  });

  it.each([
    ['half an owner', 'lease/owner-1-000000000000.json', '{"pid":'],
    ['what is no owner', 'lease/notes.txt', ''],
    ['a file', 'lease', ''],
  ])('is never taken over when it is damaged: %s', async (_name, path, text) => {
    const paths = newBottle();
    put(join(paths.folder, path), text);
    expect(readLease(paths)).toEqual({ state: 'unknown', owner: null });
    await expect(acquireLease(paths)).rejects.toMatchObject({ code: 'lease-unknown', owner: null });
    expect(readLease(paths)).toEqual({ state: 'unknown', owner: null });
  });

  it('needs a bottle that is there, and creates none', async () => {
    const paths = newBottle();
    rmdirSync(paths.folder);
    await expect(acquireLease(paths)).rejects.toMatchObject({ code: 'no-such-bottle', path: paths.folder });
    expect(existsSync(paths.folder)).toBe(false);
    expect(readLease(paths)).toEqual({ state: 'none' });
  });

  it('is refused where the bottle is a link, whose target stays as it is', async () => {
    const paths = newBottle();
    const outside = temporaryFolder();
    rmdirSync(paths.folder);
    symlinkSync(outside, paths.folder);
    await expect(acquireLease(paths)).rejects.toMatchObject({ code: 'not-a-folder' });
    expect(readlinkSync(paths.folder)).toBe(outside);
    expect(readdirSync(outside)).toEqual([]);
    mkdirSync(paths.lease);
    expect(readdirSync(outside)).toEqual(['lease']);
  });

  it('waits for a clean-up to make the bottle vanish, and says that it is gone', async () => {
    const paths = newBottle();
    const cleanUp = await acquireLeaseToRemove(paths);
    const resumed = acquireLease(paths);
    setAside(paths);
    await expect(resumed).rejects.toMatchObject({ code: 'no-such-bottle' });
    await cleanUp.release();
  });

  it('waits for a clean-up that changes its mind, and is then ours', async () => {
    const paths = newBottle();
    const cleanUp = await acquireLeaseToRemove(paths);
    const resumed = acquireLease(paths, { resumed: true });
    await cleanUp.release();
    await resumed;
    expect(readLease(paths)).toMatchObject({ owner: { note: { resumed: true } } });
  });
});

describe('reserveBottle', () => {
  it('gives a new bottle that is ours from its first moment', async () => {
    const root = temporaryFolder();
    const lease = await reserveBottle(root, 'Claude Code', { backend: 'local' });
    expect(lease.paths.identity).toMatch(/^claude-code-[a-z0-9]{5}$/);
    expect(readdirSync(lease.paths.folder)).toEqual(['lease']);
    expect(readLease(lease.paths)).toMatchObject({ state: 'alive', owner: { note: { backend: 'local' } } });
    await lease.release();
  });

  it('fails as a reservation fails', async () => {
    const root = temporaryFolder();
    mkdirSync(root, { recursive: true });
    symlinkSync('/nowhere', rootPaths(root).state);
    await expect(reserveBottle(root, 'demo')).rejects.toMatchObject({ name: 'StatePathsError' });
  });
});
