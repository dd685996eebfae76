import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { cgroups, type Hierarchy } from './cgroup.js';

const NAME = 'bot-bottle-test-aaaaa-00000000';
const limits = { memoryBytes: 32 * 2 ** 20, processes: 100 };

/** The memory group of version 1 that this process is in and may divide, in the root or not; null: there is none. */
function ownMemory(): Hierarchy | null {
  const [, path = ''] = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8')) ?? [];
  const folder = join('/sys/fs/cgroup/memory', path);
  try {
    accessSync(join(folder, 'cgroup.procs'), constants.W_OK);
    return { version: 1, controllers: ['memory'], folder };
  } catch {
    return null;
  }
}

describe('a group knows whether the kernel killed for its memory', () => {
  const memory = ownMemory();

  (memory === null ? it.skip : it)(
    'really (needs a memory group of version 1 that may be divided)',
    async () => {
      const groups = cgroups(memory === null ? [] : [memory]);
      const [group = ''] = groups.enter(NAME, limits).folders;
      try {
        const run = (command: string) =>
          spawnSync('sh', ['-c', `echo $$ >${group}/cgroup.procs; ${command}`]).signal;
        expect([run('exec true'), groups.ranOutOfMemory(NAME)]).toEqual([null, false]);
        expect([run('exec tail /dev/zero'), groups.ranOutOfMemory(NAME)]).toEqual(['SIGKILL', true]);
      } finally {
        await groups.leave(NAME);
      }
      expect([existsSync(group), groups.ranOutOfMemory(NAME)]).toEqual([false, false]);
    },
  );

  it.each([
    [1, 'memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n', true],
    [1, 'memory.oom_control', 'oom_kill_disable 1\nunder_oom 1\noom_kill 0\n', false],
    [2, 'memory.events', 'low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n', true],
    [2, 'memory.events', 'low 0\nhigh 0\nmax 12\noom 1\noom_kill 0\noom_group_kill 1\n', false],
  ] as const)('by version %i, of %s with %j', (version, file, text, killed) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, NAME));
    writeFileSync(join(folder, NAME, file), text);
    const told = (controllers: string[]) => cgroups([{ version, controllers, folder }]).ranOutOfMemory(NAME);
    expect([told(['cpu', 'memory']), told(['cpu'])]).toEqual([killed, false]);
  });
});
