import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BottleRef } from '@bot-bottle/backend';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { finish, operator, run } from '../test/bottle.js';
import { type Hierarchy, ownHierarchies, parseHierarchies } from './cgroup.js';
import { groupName } from './group.js';
import { scope } from './scope.js';

const { backend, spec } = operator();
const MIB = 2 ** 20;

/** Makes children until the kernel refuses, and prints how many there were. */
const FORK_BOMB =
  'my $n = 0; while (defined(my $p = fork)) { $p or (sleep(60), exit); $n++ } print "$n\\n"; kill 9, -$$';

describeWith(['bwrap', 'perl', 'prlimit'], 'a limit that the probe calls enforced', () => {
  const enforcement = async (name: 'memoryBytes' | 'cpus' | 'processes' | 'openFiles' | 'tmpBytes') => {
    const probe = await backend.probe();
    return probe.available ? probe.limits[name] : 'none';
  };

  it('stops a fork bomb', async () => {
    if ((await enforcement('processes')) === 'none') return expect(process.getuid?.()).toBe(0);
    const wanted = spec('limits-procs', { command: ['perl', '-e', FORK_BOMB], limits: { processes: 30 } });
    const { output } = await run(backend, wanted);
    expect(Number.parseInt(output, 10)).toBeGreaterThan(10);
    expect(Number.parseInt(output, 10)).toBeLessThan(30);
  });

  it('stops a program that takes too much memory', async () => {
    const take = (bytes: number) => ['perl', '-e', 'my $x = "x" x shift; print "taken\\n"', `${bytes}`];
    const limits = { memoryBytes: 64 * MIB };
    const small = await run(backend, spec('limits-memry', { command: take(8 * MIB), limits }));
    expect(small).toEqual({ code: 0, output: 'taken\n' });
    const large = await run(backend, spec('limits-memry', { command: take(200 * MIB), limits }));
    expect(large.code).not.toBe(0);
    expect(large.output).not.toContain('taken');
  });

  it('tells of a process that was killed for the bottle’s memory, also where the agent lived on', async () => {
    const take = 'my $x = "x" x (200 * 2**20)';
    const endOf = async (command: string[]) => {
      const wanted = spec('limits-killd', { command, limits: { memoryBytes: 64 * MIB } });
      const bottle = await backend.launch(await backend.prepare(wanted), ptyHost());
      const exit = await bottle.exited;
      expect(await backend.status(wanted)).toEqual({ state: 'exited', exit });
      return exit;
    };
    // systemd takes the count away with the scope.
    const counted = (await enforcement('memoryBytes')) === 'bottle' && scope(process.env, 0) === null;
    const told = counted ? { outOfMemory: true } : {};
    expect(await endOf(['sh', '-c', `perl -e '${take}'; exit 3`])).toEqual({ code: 3, ...told });
    expect(await endOf(['perl', '-e', 'kill 9, $$'])).toEqual({ code: 137 });
  });

  it('stops a program that opens too many files', async () => {
    const open = 'my @f; while (open(my $f, "<", "/dev/null")) { push @f, $f } print scalar(@f), " $!\\n"';
    const wanted = spec('limits-files', { command: ['perl', '-e', open], limits: { openFiles: 50 } });
    expect((await run(backend, wanted)).output).toMatch(/^4\d Too many open files\n$/);
  });

  it('stops a program that fills /tmp or /dev/shm', async () => {
    const script = 'for d in /tmp /dev/shm; do head -c 5000000 /dev/zero >$d/big; stat -c %s $d/big; done';
    const wanted = spec('limits-tmpfs', { command: ['sh', '-c', script], limits: { tmpBytes: MIB } });
    const { output } = await run(backend, wanted);
    expect(output.match(/^\d+$/gm)?.map(Number)).toEqual([MIB, MIB]);
    expect(output).toContain('No space left on device');
  });

  it('slows a program down to its share of a processor', async () => {
    if ((await enforcement('cpus')) === 'none') return;
    // How often the kernel held the group back, which is no matter of how fast this machine is.
    const group = ownHierarchies().find(({ controllers }) => controllers.includes('cpu'));
    const script = 'while :; do :; done';
    const wanted = spec('limits-procr', { command: ['sh', '-c', script], limits: { cpus: 0.1 } });
    const statistics = `${group?.folder}/${groupName(wanted)}/cpu.stat`;
    const bottle = await backend.launch(await backend.prepare(wanted), ptyHost());
    const throttled = () => Number(/nr_throttled (\d+)/.exec(readFileSync(statistics, 'utf8'))?.[1]);
    while (throttled() < 2) await new Promise(resolve => setTimeout(resolve, 50));
    await backend.stop(wanted, { graceMs: 0 });
    expect((await finish(bottle)).code).toBe(137);
  });

  it('leaves no group behind', async () => {
    const wanted = spec('limits-group');
    for (let round = 0; round < 5; round++) await run(backend, wanted);
    for (const { folder } of ownHierarchies()) expect(readdirSync(folder)).not.toContain(groupName(wanted));
  });
});

describe('the groups that a process may divide', () => {
  const mount = (folder: string, type: string, options: string) =>
    `31 23 0:28 / ${folder} rw,relatime shared:9 - ${type} cgroup rw,${options}`;
  const v1 = [
    mount('/sys/fs/cgroup/memory', 'cgroup', 'memory'),
    mount('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'cpu,cpuacct'),
    mount('/sys/fs/cgroup/pids', 'cgroup', 'pids'),
    mount('/sys/fs/cgroup/freezer', 'cgroup', 'freezer'),
  ].join('\n');

  it('are those in whose root it is, by controller', () => {
    expect(parseHierarchies(v1, '8:pids:/\n4:memory:/user/1000\n3:cpu,cpuacct:/\n0::/\n')).toEqual<
      Hierarchy[]
    >([
      { version: 1, controllers: ['cpu'], folder: '/sys/fs/cgroup/cpu,cpuacct' },
      { version: 1, controllers: ['pids'], folder: '/sys/fs/cgroup/pids' },
    ]);
  });

  it('are the one tree of version 2, for who is in its root', () => {
    const v2 = mount('/sys/fs/cgroup', 'cgroup2', 'nsdelegate');
    expect(parseHierarchies(v2, '0::/\n')).toEqual([
      { version: 2, controllers: [], folder: '/sys/fs/cgroup' },
    ]);
    expect(parseHierarchies(v2, '0::/user.slice/user-1000.slice/session-1.scope\n')).toEqual([]);
  });
});

describe('the name of a group', () => {
  it('differs between two roots that have the same bottle, as after a copy, and not between two ways to one', () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()];
    const link = join(temporaryFolder(), 'link');
    symlinkSync(one, link);
    const name = (root: string) =>
      groupName({ identity: 'demo-aaaaa' as BottleRef['identity'], stateFolder: join(root, 'backend') });
    expect(name(one)).toMatch(/^bot-bottle-demo-aaaaa-[0-9a-f]{8}$/);
    expect(name(other)).not.toBe(name(one));
    expect(name(link)).toBe(name(one));
  });
});

describe('a scope of systemd', () => {
  const limits = { memoryBytes: 1024, processes: 30, cpus: 1.5 };
  const booted = '/proc/self';
  const folder = temporaryFolder();
  const program = join(folder, 'systemd-run');
  writeFileSync(program, '', { mode: 0o755 });

  it('is asked of the system’s manager by root', () => {
    const entry = scope({ SECRET: 'x', PATH: folder }, 0, booted)?.enter('bot-bottle-demo-aaaaa', limits);
    expect(entry?.prefix).toEqual([
      ...[program, '--scope', '--quiet', '--collect', '--unit=bot-bottle-demo-aaaaa'],
      ...['-p', 'MemoryMax=1024', '-p', 'TasksMax=30', '-p', 'CPUQuota=150%', '--'],
    ]);
    expect(entry?.env).toEqual({});
  });

  it('is asked of the own manager by anybody else, who passes on only where that is', () => {
    mkdirSync(join(folder, 'systemd'));
    const env = { SECRET: 'x', PATH: folder, XDG_RUNTIME_DIR: folder };
    const entry = scope(env, 1000, booted)?.enter('bot-bottle-demo-aaaaa', {
      memoryBytes: 1024,
      processes: 30,
    });
    expect(entry?.prefix).toEqual([
      ...[program, '--user', '--scope', '--quiet', '--collect', '--unit=bot-bottle-demo-aaaaa'],
      ...['-p', 'MemoryMax=1024', '-p', 'TasksMax=30', '--'],
    ]);
    expect(entry?.env).toEqual({ XDG_RUNTIME_DIR: folder });
  });

  it('is not asked for where systemd does not run, or the operator’s manager cannot be reached', () => {
    expect(scope({ PATH: folder }, 0, '/nonexistent')).toBeNull();
    expect(scope({ PATH: folder }, 1000, booted)).toBeNull();
    expect(scope({ PATH: folder, XDG_RUNTIME_DIR: '/nonexistent' }, 1000, booted)).toBeNull();
    expect(scope({ PATH: '/nonexistent' }, 0, booted)).toBeNull();
  });
});
