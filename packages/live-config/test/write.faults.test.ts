/** FAULTS.md rows 1-6 for a pair of files, which two renames do not make one transaction. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeWith,
  describeWithMounts,
  durabilityFaults,
  failEachSyscall,
  killAtEachSyscall,
  ORDER_CALLS,
  run,
  temporaryFolder,
  tinyTmpfs,
  trace,
} from '@bot-bottle/test-kit';
import { digest } from '../src/generation.js';
import { liveConfigPaths, readLiveConfig, writeLiveConfig } from '../src/index.js';
import { live } from './built.js';

const OLD = { allowlist: 'old.example\n', routes: 'routes: [] # old\n' };
const NEW = { allowlist: 'new.example\n', routes: 'routes: [] # new\n' };
const SETTLED = ['allowlist', 'generation.json', 'routes.yaml'];

const paths = liveConfigPaths(join(temporaryFolder({ memory: true }), 'live-config'));
/** A program that writes the new pair. */
const writing = (body: string) =>
  live(
    `const paths = liveConfigPaths(args[0]); const pair = JSON.parse(args[1]); ${body}`,
    paths.liveConfig,
    JSON.stringify(NEW),
  );
const write = writing('return writeLiveConfig(paths, pair)');

/** What people usually write: each file whole, one after the other. */
const NAIVE_WRITE = `for (const part of ['allowlist', 'routes']) {
    fs.writeFileSync(paths[part] + '.tmp', pair[part]);
    fs.renameSync(paths[part] + '.tmp', paths[part]);
  }`;
const naiveWrite = writing(NAIVE_WRITE);

const pristine = new Map<string, string>();
beforeAll(async () => {
  await writeLiveConfig(paths, OLD);
  for (const name of SETTLED) pristine.set(name, readFileSync(join(paths.liveConfig, name), 'utf8'));
});

function withOld(): void {
  rmSync(paths.liveConfig, { recursive: true });
  mkdirSync(paths.liveConfig);
  for (const [name, text] of pristine) writeFileSync(join(paths.liveConfig, name), text);
}

/** Which of the two pairs a reader sees; a mixture or a half is an error. */
function seen(): 'old' | 'new' {
  const { generation, edited, text } = readLiveConfig(paths);
  const pair = JSON.stringify({ generation, edited, text });
  if (pair === JSON.stringify({ generation: 1, edited: false, text: OLD })) return 'old';
  if (pair === JSON.stringify({ generation: 2, edited: false, text: NEW })) return 'new';
  throw new Error(`neither pair: ${pair}`);
}

/** A new allowlist beside old routes: a host is allowed, and what narrows it is not in force. */
function isMixed(): boolean {
  const { text } = readLiveConfig(paths);
  return text.allowlist === NEW.allowlist && text.routes === OLD.routes;
}

/** The contract's plain reader: takes the files if the digests of generation.json are theirs; it knows no undo record. */
function plainReaderTakes(): boolean {
  const recorded = JSON.parse(readFileSync(paths.generation, 'utf8'));
  return (['allowlist', 'routes'] as const).every(
    part => recorded[part] === digest(readFileSync(paths[part])),
  );
}

/** The next writer leaves the same pair, at rest, and nothing else. */
async function expectRecovery(): Promise<void> {
  const before = seen();
  expect(await writeLiveConfig(paths, {})).toEqual({ generation: before === 'old' ? 1 : 2 });
  expect(seen()).toBe(before);
  expect(plainReaderTakes()).toBe(true);
  expect(readdirSync(paths.liveConfig).sort()).toEqual(SETTLED);
}

const changing = ['openat', 'pwrite64', 'fsync', 'rename', 'unlink', 'rmdir', 'mkdir', 'close'];

describeWith('strace', 'a write of both files that is killed at any system call', () => {
  it('leaves the old pair or the new one, and the next writer brings the folder to rest', async () => {
    const pairs = new Set<string>();
    let torn = 0;
    const hits = await killAtEachSyscall({
      command: write,
      syscalls: changing,
      setup: withOld,
      check: async ({ stdout }) => {
        expect(stdout).toBe('');
        pairs.add(seen());
        if (!plainReaderTakes()) torn++;
        await expectRecovery();
      },
    });
    expect(hits).toBeGreaterThan(60);
    expect(pairs).toEqual(new Set(['old', 'new']));
    expect(torn).toBeGreaterThan(5); // between the two renames: what the undo record is for
  });

  it('of files that are replaced one after the other leaves a mixture: the naive way', async () => {
    let mixtures = 0;
    await killAtEachSyscall({
      command: naiveWrite,
      syscalls: ['rename'],
      setup: withOld,
      check: () => {
        if (isMixed()) mixtures += 1;
      },
    });
    expect(mixtures).toBe(1);
  });

  it('stays done when the process is killed right after it was acknowledged; what follows a moment later is lost', () => {
    const acknowledgeAndDie = (body: string) => {
      withOld();
      const { stdout, signal } = run(
        writing(`${body}; fs.writeSync(1, 'acknowledged'); process.kill(process.pid, 'SIGKILL');`),
      );
      expect({ stdout, signal }).toEqual({ stdout: 'acknowledged', signal: 'SIGKILL' });
    };
    acknowledgeAndDie('await writeLiveConfig(paths, pair)');
    expect(seen()).toBe('new');
    expect(readdirSync(paths.liveConfig).sort()).toEqual(SETTLED);
    acknowledgeAndDie(
      'setImmediate(() => { for (const part in pair) fs.writeFileSync(paths[part], pair[part]); })',
    );
    expect(readFileSync(paths.allowlist, 'utf8')).not.toBe(NEW.allowlist);
  });

  it('syncs each file and the folder in the right order', () => {
    withOld();
    const { calls, status } = trace(write, { syscalls: ORDER_CALLS });
    expect(status).toBe(0);
    for (const target of [paths.allowlist, paths.routes, paths.generation]) {
      expect(durabilityFaults(calls, target)).toEqual([]);
    }
    const naive = trace(naiveWrite, { syscalls: ORDER_CALLS });
    expect(naive.status).toBe(0);
    expect(durabilityFaults(naive.calls, paths.allowlist)).toEqual([
      'rename before the bytes were synced',
      'the folder was not synced after the name was given',
    ]);
  });
});

describeWith('strace', 'a write of both files of which a system call fails', () => {
  it.each([
    ['ENOSPC', ['pwrite64', 'fsync', 'rename'], 'rename'],
    ['EDQUOT', ['pwrite64'], 'rename'],
    ['EIO', ['rename', 'unlink', 'rmdir'], 'rename'],
    ['EACCES', ['openat'], 'openat'],
    ['EMFILE', ['openat'], 'openat'],
  ])(
    'says so (%s), and leaves the old pair; the new one only where it was all there already',
    async (error, syscalls, naiveSyscall) => {
      const outcomes = new Set<string>();
      await failEachSyscall({
        command: write,
        syscalls,
        error,
        setup: withOld,
        check: async ({ status, stderr }) => {
          const failure = status === 0 ? null : JSON.parse(stderr);
          if (failure) expect(failure).toMatchObject({ name: 'DurableFsError', errno: error });
          const pair = seen();
          if (pair === 'old') expect(failure).not.toBeNull();
          outcomes.add(failure ? `${pair}, ${failure.code}` : pair);
          await expectRecovery();
        },
      });
      expect([...outcomes]).toContain('old, io');

      let mixtures = 0;
      // Node's start opens one file more or less each time, so that the fault may fall twice on the first of two.
      for (let attempt = 0; attempt < 8 && mixtures === 0; attempt += 1)
        await failEachSyscall({
          command: naiveWrite,
          syscalls: [naiveSyscall],
          error,
          setup: withOld,
          check: ({ status }) => {
            expect(status).toBe(1);
            if (isMixed()) mixtures += 1;
          },
        });
      expect(mixtures).toBeGreaterThan(0);
    },
  );
});

const RUNS = 24;
/** On a file system of this size, with less and less room left, so that each file of the write is the one that does not fit. */
const onFullDisk = (write: string) => `
  const paths = liveConfigPaths(args[0] + '/live-config');
  const old = { allowlist: 'old.example', routes: 'routes: [] # old' };
  const next = { allowlist: '# ' + 'n'.repeat(6000), routes: 'routes: [] # ' + 'n'.repeat(9000) };
  const seen = [];
  for (let room = 0; room < ${RUNS}; room++) {
    await writeLiveConfig(paths, old);
    const { generation } = readLiveConfig(paths);
    fs.writeFileSync(args[0] + '/filler', Buffer.alloc((${RUNS} - room) * 4096));
    const rest = fs.openSync(args[0] + '/rest', 'w');
    try {
      for (;;) fs.writeSync(rest, Buffer.alloc(4096));
    } catch {
      fs.closeSync(rest);
    }
    fs.truncateSync(args[0] + '/filler', 0); // so many pages, and no more, are free
    const outcome = await (${write})(paths, next).then(() => 'written', error => error.code);
    const now = readLiveConfig(paths);
    const isOld = now.generation === generation && now.text.allowlist === old.allowlist && now.text.routes === old.routes;
    const isNew = now.generation === generation + 1 && now.text.allowlist === next.allowlist && now.text.routes === next.routes;
    seen.push(outcome + ': ' + (isOld ? 'old' : isNew ? 'new' : 'MIXED') + (now.edited ? ' edited' : ''));
    fs.rmSync(args[0] + '/rest');
  }
  return seen;`;

describeWithMounts('on a disk that is full', () => {
  it('the old pair stays, whole', () => {
    const disk = tinyTmpfs(4096 * 64);
    const { stdout, stderr } = run(disk.wrap(live(onFullDisk('writeLiveConfig'), disk.folder)));
    expect(stderr).toBe('');
    const seen: string[] = JSON.parse(stdout);
    expect(new Set(seen)).toEqual(new Set(['io: old', 'written: new']));
    expect(seen.filter(outcome => outcome === 'io: old').length).toBeGreaterThan(4);
  });

  it('files that are replaced one after the other are mixed', () => {
    const disk = tinyTmpfs(4096 * 64);
    const { stdout } = run(
      disk.wrap(live(onFullDisk(`async (paths, pair) => { ${NAIVE_WRITE} }`), disk.folder)),
    );
    expect(JSON.parse(stdout)).toContain('ENOSPC: MIXED edited');
  });
});
