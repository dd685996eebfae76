import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLease, removeBottle, reserveBottle } from '@bot-bottle/preserve';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { leaseIfFree } from './lease-if-free.js';

const reserve = () => reserveBottle(temporaryFolder(), 'agent');

describe('a lease, if it is free', () => {
  it('is had, and nobody else has it then', async () => {
    const { paths, release } = await reserve();
    await release();
    const lease = await leaseIfFree(paths, {});
    expect(lease).toMatchObject({ paths, released: false });
    await expect(acquireLease(paths)).rejects.toMatchObject({ code: 'lease-held' });
    await lease?.release();
  });

  it('is null where somebody has it, and where the bottle is gone', async () => {
    const lease = await reserve();
    expect(await leaseIfFree(lease.paths, {})).toBeNull();
    await removeBottle(lease.paths, { lease });
    expect(await leaseIfFree(lease.paths, {})).toBeNull();
  });

  it('is an error where nobody can tell whether its owner lives', async () => {
    const { paths } = await reserve();
    const [name = ''] = readdirSync(paths.lease);
    const owner = join(paths.lease, name);
    writeFileSync(owner, readFileSync(owner, 'utf8').replace(/pid:\[\d+\]/, 'pid:[1]'));
    await expect(leaseIfFree(paths, {})).rejects.toMatchObject({ code: 'lease-unknown' });
  });
});
