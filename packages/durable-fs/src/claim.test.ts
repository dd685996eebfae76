import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { acquireClaim, processMark, readClaim } from './index.js';

let folder: string;
let lease: string;

beforeEach(() => {
  folder = temporaryFolder({ memory: true });
  lease = join(folder, 'lease');
});

describe('acquireClaim', () => {
  it('tells who owns it and what the owner says of itself', async () => {
    const claim = await acquireClaim(lease, { note: { phase: 'start', attempts: [1, null] } });
    const owner = { ...processMark(), note: { phase: 'start', attempts: [1, null] } };
    expect(claim.owner).toEqual(owner);
    expect(readClaim(lease)).toEqual({ state: 'held', owner });
    await claim.release();
    expect(readClaim(lease)).toEqual({ state: 'free' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is refused to a second caller, in the same process too', async () => {
    const claim = await acquireClaim(lease);
    await expect(acquireClaim(lease)).rejects.toMatchObject({
      code: 'claim-held',
      path: lease,
      message: `${lease} is claimed by process ${process.pid}`,
    });
    await claim.release();
  });

  it('is given to twenty callers one after the other', async () => {
    let owners = 0;
    let turns = 0;
    const work = async () => {
      const claim = await acquireClaim(lease, { wait: 60_000 });
      owners += 1;
      expect(owners).toBe(1);
      await new Promise(setImmediate);
      owners -= 1;
      turns += 1;
      await claim.release();
    };
    await Promise.all(Array.from({ length: 20 }, work));
    expect(turns).toBe(20);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a note that no reader would take', async () => {
    await expect(acquireClaim(lease, { note: { long: 'x'.repeat(65_536) } })).rejects.toMatchObject({
      code: 'too-large',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('waits until a signal says that it is enough', async () => {
    const claim = await acquireClaim(lease);
    const stop = new AbortController();
    const waiting = acquireClaim(lease, { wait: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ code: 'claim-held', cause: { message: 'enough' } });
    await claim.release();
  });

  it('can be released twice, and a late release does not hit the next owner', async () => {
    const first = await acquireClaim(lease);
    await first.release();
    const second = await acquireClaim(lease);
    await first.release();
    expect(readClaim(lease)).toEqual({ state: 'held', owner: second.owner });
    await second.release();
  });

  it('can be released after its folder was renamed, and after it was removed', async () => {
    const bottle = join(folder, 'lease-of', '..');
    const claim = await acquireClaim(join(bottle, 'lease'));
    renameSync(folder, `${folder}-aside`);
    await claim.release();
    expect(readdirSync(`${folder}-aside`)).toEqual([]);
    renameSync(`${folder}-aside`, folder);
    const again = await acquireClaim(lease);
    rmSync(lease, { recursive: true });
    await again.release();
    expect(existsSync(lease)).toBe(false);
  });
});
