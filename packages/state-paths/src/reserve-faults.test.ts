import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeWith,
  failEachSyscall,
  killAtEachSyscall,
  program,
  temporaryFolder,
  trace,
} from '@bot-bottle/test-kit';
import { bottlePaths, isReservationOnly, listForeign, listIdentities, reserveIdentity } from './index.js';

const built = join(__dirname, '../dist/index.js');
const script = `
  import { reserveIdentity } from ${JSON.stringify(built)};
  export default root => reserveIdentity(root, 'x');`;
const syscalls = ['mkdir', 'openat', 'fsync', 'close'];

describeWith('strace', 'a reservation', () => {
  const root = join(temporaryFolder({ memory: true }), 'root');
  const setup = () => rmSync(root, { recursive: true, force: true });

  // FAULTS row 11. The naive look, "is the folder there?", takes what the kill left for a bottle that lives.
  it('killed at any system call leaves nothing, or what is told to be a mere reservation', async () => {
    let reserved = 0;
    const kills = await killAtEachSyscall({
      command: program(script, [root]),
      syscalls,
      setup,
      check() {
        for (const identity of listIdentities(root)) {
          reserved += 1;
          expect(existsSync(bottlePaths(root, identity).folder)).toBe(true);
          expect(isReservationOnly(bottlePaths(root, identity))).toBe(true);
        }
        expect(listForeign(root)).toEqual([]);
        expect(listIdentities(root)).not.toContain(reserveIdentity(`${root}-other`, 'x'));
      },
    });
    expect(kills).toBeGreaterThanOrEqual(10);
    expect(reserved).toBeGreaterThan(0);
  });

  // FAULTS row 4.
  it.each(['ENOSPC', 'EIO', 'EACCES', 'EMFILE'])(
    'that meets %s at any system call fails with it and leaves no bottle',
    async error => {
      const failures = await failEachSyscall({
        command: program(script, [root]),
        syscalls,
        error,
        setup,
        check({ status, stderr }) {
          expect(status).toBe(1);
          expect(JSON.parse(stderr)).toMatchObject({ name: 'StatePathsError', code: 'cannot-reserve' });
          expect(listIdentities(root)).toEqual([]);
        },
      });
      expect(failures).toBeGreaterThanOrEqual(10);
    },
  );

  // FAULTS row 6. The naive way, mkdir alone, is gone after a power cut: no call in its trace names the folder above.
  it('syncs every folder in which it made a name, the topmost too', () => {
    setup();
    mkdirSync(join(root, '..'), { recursive: true });
    const { calls, stdout } = trace(program(script, [root]), { syscalls: ['mkdir', 'fsync'] });
    const synced = calls
      .filter(({ name, result }) => name === 'fsync' && result === '0')
      .map(({ args }) => args);
    const identity: string = JSON.parse(stdout);
    for (const made of [root, join(root, 'state'), join(root, 'state', identity)]) {
      const at = calls.findIndex(
        ({ name, args }) => name === 'mkdir' && args.startsWith(JSON.stringify(made)),
      );
      expect(at).not.toBe(-1);
      expect(synced.some(args => args.includes(`<${join(made, '..')}>`))).toBe(true);
      const after = calls.slice(at).filter(({ name }) => name === 'fsync');
      expect(after.some(({ args }) => args.includes(`<${join(made, '..')}>`))).toBe(true);
    }
  });
});
