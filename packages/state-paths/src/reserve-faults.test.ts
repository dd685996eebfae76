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
/** What people usually write: the folder and its record, and no way back. */
const naive = `
  import { mkdirSync, writeFileSync } from 'node:fs';
  export default root => {
    mkdirSync(root + '/state/x-aaaaa', { recursive: true });
    writeFileSync(root + '/state/x-aaaaa/metadata.json', '{}');
  };`;
const syscalls = ['mkdir', 'openat', 'fsync', 'close'];

describeWith('strace', 'a reservation', () => {
  const root = join(temporaryFolder({ memory: true }), 'root');
  const setup = () => rmSync(root, { recursive: true, force: true });

  // FAULTS row 11.
  it('killed at any system call leaves nothing, or what is told to be a mere reservation', async () => {
    let mistaken = 0;
    const kills = await killAtEachSyscall({
      command: program(script, [root]),
      syscalls,
      setup,
      check() {
        for (const identity of listIdentities(root)) {
          // The naive look, "is the folder there?", takes what the kill left for a bottle that lives.
          if (existsSync(bottlePaths(root, identity).folder)) mistaken += 1;
          expect(isReservationOnly(bottlePaths(root, identity))).toBe(true);
        }
        expect(listForeign(root)).toEqual([]);
        expect(listIdentities(root)).not.toContain(reserveIdentity(`${root}-other`, 'x'));
      },
    });
    expect(kills).toBeGreaterThanOrEqual(10);
    expect(mistaken).toBeGreaterThan(0);
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

      let halves = 0;
      await failEachSyscall({
        command: program(naive, [root]),
        syscalls: ['openat'],
        error,
        setup,
        check({ status }) {
          expect(status).toBe(1);
          halves += listIdentities(root).length;
        },
      });
      expect(halves).toBe(1);
    },
  );

  // FAULTS row 6.
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

  it('that is a mere mkdir syncs none, and a power cut takes it back', () => {
    setup();
    const { calls, status } = trace(program(naive, [root]), { syscalls: ['mkdir', 'fsync', 'fdatasync'] });
    expect(status).toBe(0);
    expect(new Set(calls.map(({ name }) => name))).toEqual(new Set(['mkdir']));
  });
});
