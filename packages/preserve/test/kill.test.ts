// FAULTS rows 1, 2, 11, 12, 18 and 28: each operation killed before and after every system call that changes the disk.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BottlePaths, listForeign, listIdentities, rootPaths } from '@bot-bottle/state-paths';
import { describeWith, killAtEachSyscall, run, temporaryFolder } from '@bot-bottle/test-kit';
import {
  clearPreserved,
  isPreserved,
  markPreserved,
  readLease,
  recoverTranscript,
  removeBottle,
  restoreTranscript,
  sweep,
} from '../src/index.js';
import { put, usedBottle } from './bottle.js';
import { NAIVE } from './naive.js';
import { onBottle, onRoot, SWEEP } from './programs.js';

/** What changes what others see. A kill before an open that creates is a kill after the change before it. */
const CHANGES = ['mkdir', 'pwrite64', 'rename', 'unlink', 'rmdir'];

/** There, under its name, and not whole: what no removal of ours leaves. */
const isHalf = (paths: BottlePaths) =>
  existsSync(paths.folder) && !(existsSync(paths.metadata) && existsSync(join(paths.home, TALK)));

/** A bottle, and how to bring it back to what it is now. */
function bottleToBringBack(prepare: (paths: ReturnType<typeof usedBottle>) => void = () => {}) {
  const paths = usedBottle();
  prepare(paths);
  const saved = temporaryFolder({ memory: true });
  cpSync(paths.root, saved, { recursive: true });
  const setup = () => {
    rmSync(paths.root, { recursive: true, force: true });
    cpSync(saved, paths.root, { recursive: true });
  };
  return { paths, setup };
}

const TALK = '.claude/projects/one.jsonl';
const talkOf = (folder: string) => readFileSync(join(folder, TALK), 'utf8');
const bottles = (root: string) => readdirSync(rootPaths(root).state).sort();

async function swept(root: string): Promise<string[]> {
  const said: string[] = [];
  for await (const { action, reason } of sweep(root, { inspect: () => 'readable' }))
    said.push(`${action} ${reason}`);
  return said;
}

describeWith('strace', 'killed at any system call', () => {
  it('marking leaves a marker or none, and is done by the next one', async () => {
    const { paths, setup } = bottleToBringBack();
    const before = readdirSync(paths.folder).sort();
    const seen = new Set<boolean>();
    const kills = await killAtEachSyscall({
      command: onBottle('await preserve.markPreserved(paths)', paths),
      syscalls: ['openat', 'fchmod', 'fsync', 'close'],
      setup,
      async check() {
        seen.add(isPreserved(paths));
        expect(
          readdirSync(paths.folder)
            .filter(name => name !== '.preserve')
            .sort(),
        ).toEqual(before);
        await markPreserved(paths);
        expect(isPreserved(paths)).toBe(true);
      },
    });
    expect(seen).toEqual(new Set([false, true]));
    expect(kills).toBeGreaterThanOrEqual(5);
  });

  it('marking by a flag in the record leaves a torn record', async () => {
    const { paths, setup } = bottleToBringBack();
    const seen = new Set<string>();
    await killAtEachSyscall({
      command: onBottle(NAIVE.mark, paths),
      syscalls: ['pwrite64'],
      setup,
      check: () => void seen.add(readFileSync(paths.metadata, 'utf8')),
    });
    expect(seen).toContain('');
  });

  // Row 2. A marker that was acknowledged is there for whoever comes next; one that comes a moment later is lost.
  it.each([
    ['await preserve.markPreserved(paths)', 'kept preserved'],
    ["setImmediate(() => fs.writeFileSync(paths.preserve, ''))", 'removed ended'],
  ])('right after it said so, after %s: %s', async (mark, said) => {
    const { paths, setup } = bottleToBringBack();
    setup();
    const kills = await killAtEachSyscall({
      command: onBottle(
        `${mark}; fs.writeFileSync(root + '/acknowledged', ''); fs.rmdirSync(root + '/nothing')`,
        paths,
      ),
      syscalls: ['rmdir'],
      setup,
      async check() {
        expect(existsSync(join(paths.root, 'acknowledged'))).toBe(true);
        expect(await swept(paths.root)).toEqual([said]);
      },
    });
    expect(kills).toBe(1);
  });

  it.each([
    [
      'leaves the old one or the new one',
      "await preserve.writeOverride(paths, 'FROM new\\n')",
      ['pwrite64', 'fsync'],
      ['FROM new\n', 'FROM old\n'],
    ],
    ['in place leaves an empty one', NAIVE.override, ['pwrite64'], ['']],
  ])('overriding the Dockerfile %s', async (_name, body, syscalls, left) => {
    const { paths, setup } = bottleToBringBack(({ dockerfile }) => put(dockerfile, 'FROM old\n'));
    const seen = new Set<string>();
    await killAtEachSyscall({
      command: onBottle(body, paths),
      syscalls,
      setup,
      check: () => void seen.add(readFileSync(paths.dockerfile, 'utf8')),
    });
    expect([...seen].sort()).toEqual(left);
  });

  it('clearing the marker leaves it or not, and is done by the next one', async () => {
    const { paths, setup } = bottleToBringBack(({ preserve }) => put(preserve, ''));
    const seen = new Set<boolean>();
    await killAtEachSyscall({
      command: onBottle('await preserve.clearPreserved(paths)', paths),
      syscalls: ['unlink', 'fsync'],
      setup,
      async check() {
        seen.add(await clearPreserved(paths));
        expect(isPreserved(paths)).toBe(false);
      },
    });
    expect(seen).toEqual(new Set([false, true]));
  });

  it('a removal leaves the bottle whole under its name, or gone, and the next one finishes', async () => {
    const { paths, setup } = bottleToBringBack();
    const seen = new Set<string>();
    const kills = await killAtEachSyscall({
      command: onBottle('await preserve.removeBottle(paths)', paths),
      syscalls: CHANGES,
      setup,
      async check() {
        const there = listIdentities(paths.root).length === 1;
        seen.add(there ? 'whole' : 'gone');
        if (there) {
          expect(talkOf(paths.home)).toBe('hello\n');
          expect(existsSync(paths.metadata)).toBe(true);
          expect(readLease(paths).state).not.toBe('alive');
        }
        expect(isHalf(paths)).toBe(false);
        expect((await removeBottle(paths)).left).toEqual([]);
        expect(bottles(paths.root)).toEqual([]);
      },
    });
    expect(seen).toEqual(new Set(['whole', 'gone']));
    expect(kills).toBeGreaterThanOrEqual(15);
  });

  it.each([
    ['a removal', (paths: BottlePaths) => onBottle(NAIVE.remove, paths)],
    ['a sweep', ({ root }: BottlePaths) => onRoot(NAIVE.sweep, root)],
  ])('%s by fs.rm leaves half a bottle under its name', async (_name, command) => {
    const { paths, setup } = bottleToBringBack();
    let halves = 0;
    await killAtEachSyscall({
      command: command(paths),
      syscalls: ['unlink', 'rmdir'],
      setup,
      check() {
        if (isHalf(paths)) halves += 1;
      },
    });
    expect(halves).toBeGreaterThan(2);
  });

  it('a sweep takes nothing that is preserved, and the next one finishes', async () => {
    const { paths, setup } = bottleToBringBack(({ root }) => {
      put(usedBottle(root).preserve, '');
      mkdirSync(join(rootPaths(root).state, `.removed-demo-aaaaa-0123456789abcdef/half`), {
        recursive: true,
      });
    });
    const kept = listIdentities(paths.root).filter(identity => identity !== paths.identity);
    const kills = await killAtEachSyscall({
      command: onRoot(SWEEP, paths.root),
      syscalls: ['rename', 'unlink', 'rmdir'],
      setup,
      async check() {
        expect(listIdentities(paths.root)).toEqual(expect.arrayContaining(kept));
        expect(await swept(paths.root)).toContain('kept preserved');
        expect(bottles(paths.root)).toEqual(kept);
      },
    });
    expect(kills).toBeGreaterThanOrEqual(10);
  });

  // A removal that was cut off after it had set a preserved folder aside brings it back, never half of it.
  it('a forced removal of a preserved bottle leaves it whole, or gone', async () => {
    const { paths, setup } = bottleToBringBack(({ preserve }) => put(preserve, ''));
    const kills = await killAtEachSyscall({
      command: onBottle('await preserve.removeBottle(paths, { force: true })', paths),
      syscalls: ['rename', 'unlink', 'rmdir'],
      setup,
      async check() {
        const said = await swept(paths.root);
        if (said.includes('kept preserved')) expect(talkOf(paths.home)).toBe('hello\n');
        else expect(bottles(paths.root)).toEqual([]);
      },
    });
    expect(kills).toBeGreaterThanOrEqual(10);
  });

  function withSnapshot() {
    return bottleToBringBack(({ transcript, home }) => {
      put(join(transcript, TALK), 'old\n');
      put(join(transcript, '.history'), 'old\n');
      put(join(home, '.history'), 'hello\n');
    });
  }

  it('a snapshot leaves the old one or the new one, whole', async () => {
    const { paths, setup } = withSnapshot();
    const seen = new Set<string>();
    const kills = await killAtEachSyscall({
      command: onBottle("await preserve.snapshotTranscript(paths, ['.claude/projects', '.history'])", paths),
      syscalls: CHANGES,
      setup,
      async check() {
        await recoverTranscript(paths);
        const talk = talkOf(paths.transcript);
        seen.add(talk);
        expect(readFileSync(join(paths.transcript, '.history'), 'utf8')).toBe(talk);
        expect(readdirSync(paths.folder).filter(name => name.startsWith('.transcript'))).toEqual([]);
        expect(talkOf(paths.home)).toBe('hello\n');
      },
    });
    expect(seen).toEqual(new Set(['old\n', 'hello\n']));
    expect(kills).toBeGreaterThanOrEqual(12);
  });

  it('a snapshot by removing the old one and copying leaves neither', async () => {
    const { paths, setup } = withSnapshot();
    let lost = 0;
    await killAtEachSyscall({
      command: onBottle(NAIVE.snapshot, paths),
      syscalls: ['rmdir', 'mkdir'],
      setup,
      check() {
        if (!existsSync(join(paths.transcript, TALK))) lost += 1;
      },
    });
    expect(lost).toBeGreaterThan(2);
  });

  function withoutTalk() {
    return bottleToBringBack(({ transcript, home }) => {
      for (const name of ['one', 'two']) put(join(transcript, `.claude/projects/${name}.jsonl`), 'hello\n');
      rmSync(join(home, '.claude'), { recursive: true });
    });
  }

  it('restoring by copying into HOME leaves a part of it there, which looks like all', async () => {
    const { paths, setup } = withoutTalk();
    const folder = join(paths.home, '.claude/projects');
    const parts = new Set<number>();
    await killAtEachSyscall({
      command: onBottle(NAIVE.restore, paths),
      syscalls: ['fchmod'],
      setup,
      check() {
        if (existsSync(folder)) parts.add(readdirSync(folder).length);
      },
    });
    expect(parts).toContain(1);
  });

  it('restoring leaves HOME without the folder or with all of it, and the next one finishes', async () => {
    const { paths, setup } = withoutTalk();
    const folder = join(paths.home, '.claude/projects');
    const kills = await killAtEachSyscall({
      command: onBottle("await preserve.restoreTranscript(paths, ['.claude/projects'])", paths),
      syscalls: ['mkdir', 'pwrite64', 'fchmod', 'rename'],
      setup,
      async check() {
        if (existsSync(folder)) expect(readdirSync(folder).sort()).toEqual(['one.jsonl', 'two.jsonl']);
        const { restored, inPlace } = await restoreTranscript(paths, ['.claude/projects']);
        expect([...restored, ...inPlace]).toEqual(['.claude/projects']);
        expect(readdirSync(folder).sort()).toEqual(['one.jsonl', 'two.jsonl']);
        expect(readdirSync(paths.folder).sort()).toEqual(['agent', 'metadata.json', 'transcript']);
      },
    });
    expect(kills).toBeGreaterThanOrEqual(10);
  });

  // Row 11. What is left has no record and no owner that lives.
  it('a start between its reservation and its record is never taken for alive, and is swept', async () => {
    const root = temporaryFolder({ memory: true });
    const seen = new Set<string>();
    let mistaken = 0;
    const kills = await killAtEachSyscall({
      command: onRoot("await preserve.reserveBottle(root, 'demo')", root),
      syscalls: ['mkdir', 'openat', 'pwrite64', 'rename', 'close'],
      setup: () => rmSync(root, { recursive: true, force: true }),
      async check() {
        if (!existsSync(root)) return;
        // The naive look takes whatever has a folder, and did not come to its end, for alive.
        mistaken += listIdentities(root).length;
        const said = await swept(root);
        expect(['', 'removed never-started']).toContain(said.join());
        seen.add(said.join());
        expect(listForeign(root)).toEqual([]);
        expect(listIdentities(root)).toEqual([]);
      },
    });
    expect(seen).toEqual(new Set(['', 'removed never-started']));
    expect(mistaken).toBeGreaterThan(0);
    expect(kills).toBeGreaterThanOrEqual(8);
  });

  it('is the end of a lease, which the next one takes over', async () => {
    const { paths, setup } = bottleToBringBack();
    const states = new Set<string>();
    await killAtEachSyscall({
      command: onBottle("await preserve.acquireLease(paths); fs.writeFileSync(root + '/taken', '')", paths),
      syscalls: ['mkdir', 'openat', 'rename'],
      setup,
      async check() {
        states.add(readLease(paths).state);
        expect(await swept(paths.root)).toEqual(['removed ended']);
      },
    });
    expect(states).toEqual(new Set(['none', 'dead']));
  });

  it('leaves a lease that is a file in the way of everybody', async () => {
    const { paths, setup } = bottleToBringBack();
    const kills = await killAtEachSyscall({
      command: onBottle(NAIVE.lock, paths),
      syscalls: ['write', 'close'],
      setup,
      check() {
        expect(run(onBottle(NAIVE.lock, paths)).stderr).toContain('EEXIST');
      },
    });
    expect(kills).toBeGreaterThanOrEqual(2);
  });
});

describe('the harness', () => {
  it('brings a bottle back as it was', () => {
    const { paths, setup } = bottleToBringBack();
    writeFileSync(paths.metadata, 'changed');
    setup();
    expect(readFileSync(paths.metadata, 'utf8')).toBe('{}\n');
  });
});
