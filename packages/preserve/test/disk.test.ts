// FAULTS rows 4 and 6: a disk that fails at any call, and what a power cut could undo.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BottlePaths, listIdentities, rootPaths } from '@bot-bottle/state-paths';
import { describeWith, failEachSyscall, temporaryFolder, trace } from '@bot-bottle/test-kit';
import { clearPreserved, markPreserved, recoverTranscript, removeBottle } from '../src/index.js';
import { put, usedBottle } from './bottle.js';
import { NAIVE } from './naive.js';
import { onBottle } from './programs.js';

const MARK = 'await preserve.markPreserved(paths)';
const CLEAR = 'await preserve.clearPreserved(paths)';
const OVERRIDE = "await preserve.writeOverride(paths, 'FROM new\\n')";
const SNAPSHOT = "await preserve.snapshotTranscript(paths, ['.claude/projects'])";
const RESTORE = "await preserve.restoreTranscript(paths, ['.claude/projects'])";
const REMOVE = 'return await preserve.removeBottle(paths)';

function bottleWithSnapshot() {
  const paths = usedBottle();
  put(join(paths.transcript, '.claude/projects/one.jsonl'), 'old\n');
  put(paths.dockerfile, 'FROM old\n');
  const saved = temporaryFolder({ memory: true });
  cpSync(paths.root, saved, { recursive: true });
  const setup = () => {
    rmSync(paths.root, { recursive: true, force: true });
    cpSync(saved, paths.root, { recursive: true });
  };
  return { paths, setup, talk: '.claude/projects/one.jsonl' };
}

const typedError = {
  name: expect.stringMatching(/^(PreserveError|DurableFsError|StatePathsError)$/),
  code: expect.any(String),
  path: expect.any(String),
};

describeWith('strace', 'a disk that fails at any call', () => {
  it.each(['ENOSPC', 'EIO'])(
    '(%s) makes marking fail, with a typed error, and the next one works',
    async error => {
      const { paths, setup } = bottleWithSnapshot();
      const failures = await failEachSyscall({
        command: onBottle(MARK, paths),
        syscalls: ['openat', 'fchmod', 'fsync'],
        error,
        setup,
        async check({ status, stderr }) {
          expect(status).toBe(1);
          expect(JSON.parse(stderr)).toMatchObject(typedError);
          await markPreserved(paths);
        },
      });
      expect(failures).toBeGreaterThanOrEqual(5);
    },
  );

  it.each(['ENOSPC', 'EIO'])(
    '(%s) makes an override fail, with a typed error, and the old one is whole until the new one is in place',
    async error => {
      const { paths, setup } = bottleWithSnapshot();
      const failures = await failEachSyscall({
        command: onBottle(OVERRIDE, paths),
        syscalls: ['pwrite64', 'fsync', 'rename'],
        error,
        setup,
        check({ status, stderr }) {
          expect(status).toBe(1);
          expect(JSON.parse(stderr)).toMatchObject(typedError);
          const now = JSON.parse(stderr).code === 'not-confirmed' ? 'FROM new\n' : 'FROM old\n';
          expect(readFileSync(paths.dockerfile, 'utf8')).toBe(now);
        },
      });
      expect(failures).toBeGreaterThanOrEqual(4);
    },
  );

  it('makes clearing the marker fail, with a typed error, and the next one works', async () => {
    const { paths, setup } = bottleWithSnapshot();
    await failEachSyscall({
      command: onBottle(CLEAR, paths),
      syscalls: ['unlink', 'fsync'],
      error: 'EIO',
      setup: () => {
        setup();
        put(paths.preserve, '');
      },
      async check({ status, stderr }) {
        expect(status).toBe(1);
        expect(JSON.parse(stderr)).toMatchObject(typedError);
        await clearPreserved(paths);
        expect(existsSync(paths.preserve)).toBe(false);
      },
    });
  });

  it.each(['ENOSPC', 'EIO'])(
    '(%s) makes a snapshot fail, with a typed error, and keeps the old one or has the new one',
    async error => {
      const { paths, setup, talk } = bottleWithSnapshot();
      const seen = new Set<string>();
      const failures = await failEachSyscall({
        command: onBottle(SNAPSHOT, paths),
        syscalls: ['mkdir', 'pwrite64', 'fsync', 'rename'],
        error,
        setup,
        async check({ status, stderr }) {
          expect(status).toBe(1);
          expect(JSON.parse(stderr)).toMatchObject(typedError);
          await recoverTranscript(paths);
          seen.add(readFileSync(join(paths.transcript, talk), 'utf8'));
          expect(readdirSync(paths.folder).filter(name => name.includes('transcript-'))).toEqual([]);
        },
      });
      expect(failures).toBeGreaterThanOrEqual(8);
      expect([...seen].sort()).toEqual(['hello\n', 'old\n']);
    },
  );

  it('makes restoring fail, with a typed error, and leaves HOME without the folder, or with all of it', async () => {
    const { paths, setup, talk } = bottleWithSnapshot();
    const failures = await failEachSyscall({
      command: onBottle(RESTORE, paths),
      syscalls: ['mkdir', 'pwrite64', 'fsync', 'rename'],
      error: 'ENOSPC',
      setup: () => {
        setup();
        rmSync(join(paths.home, '.claude'), { recursive: true });
      },
      check({ status, stderr }) {
        expect(status).toBe(1);
        expect(JSON.parse(stderr)).toMatchObject(typedError);
        const folder = join(paths.home, '.claude/projects');
        if (existsSync(folder)) expect(readFileSync(join(paths.home, talk), 'utf8')).toBe('old\n');
      },
    });
    expect(failures).toBeGreaterThanOrEqual(5);
  });

  it('makes a removal fail, or say what it left; the bottle is whole or gone, and the next one finishes', async () => {
    const { paths, setup, talk } = bottleWithSnapshot();
    const seen = new Set<string>();
    await failEachSyscall({
      command: onBottle(REMOVE, paths),
      syscalls: ['rename', 'unlink', 'rmdir'],
      error: 'EIO',
      setup,
      async check({ status, stderr, stdout }) {
        if (status === 0) expect(JSON.parse(stdout).left).not.toEqual([]);
        else expect(JSON.parse(stderr)).toMatchObject(typedError);
        seen.add(status === 0 ? 'left' : 'failed');
        if (listIdentities(paths.root).length > 0)
          expect(readFileSync(join(paths.home, talk), 'utf8')).toBe('hello\n');
        expect((await removeBottle(paths)).left).toEqual([]);
        expect(readdirSync(rootPaths(paths.root).state)).toEqual([]);
      },
    });
    expect([...seen].sort()).toEqual(['failed', 'left']);
  });
});

describeWith('strace', 'the naive way, on a disk that fails at any call,', () => {
  /** How often it failed and left what `isWrong` says. */
  async function wrongs(
    body: string,
    syscall: string,
    error: string,
    isWrong: (paths: BottlePaths) => boolean,
  ) {
    const { paths, setup } = bottleWithSnapshot();
    let count = 0;
    await failEachSyscall({
      command: onBottle(body, paths),
      syscalls: [syscall],
      error,
      setup,
      check({ status }) {
        if (isWrong(paths)) count += 1;
        expect(status).toBe(body.endsWith(NAIVE.clear) ? 0 : 1);
      },
    });
    return count;
  }

  const talk = '.claude/projects/one.jsonl';

  it.each(['ENOSPC', 'EIO'])('(%s) empties the record that it marks', async error => {
    const isEmpty = ({ metadata }: BottlePaths) => readFileSync(metadata, 'utf8') === '';
    expect(await wrongs(NAIVE.mark, 'pwrite64', error, isEmpty)).toBe(1);
  });

  it.each(['ENOSPC', 'EIO'])('(%s) empties the override', async error => {
    const isEmpty = ({ dockerfile }: BottlePaths) => readFileSync(dockerfile, 'utf8') === '';
    expect(await wrongs(NAIVE.override, 'pwrite64', error, isEmpty)).toBe(1);
  });

  it('says that the marker is gone, which is there', async () => {
    const marked = `fs.writeFileSync(paths.preserve, ''); ${NAIVE.clear}`;
    expect(await wrongs(marked, 'unlink', 'EIO', ({ preserve }) => existsSync(preserve))).toBe(1);
  });

  it.each(['ENOSPC', 'EIO'])('(%s) has no snapshot any more, old or new', async error => {
    const isLost = ({ transcript }: BottlePaths) => !existsSync(join(transcript, talk));
    expect(await wrongs(NAIVE.snapshot, 'mkdir', error, isLost)).toBeGreaterThan(1);
  });

  it('restores a folder without what was in it', async () => {
    const restore = `fs.rmSync(paths.home + '/.claude', { recursive: true }); ${NAIVE.restore}`;
    const isPart = ({ home }: BottlePaths) =>
      existsSync(join(home, '.claude/projects')) && !existsSync(join(home, talk));
    expect(await wrongs(restore, 'fchmod', 'ENOSPC', isPart)).toBe(1);
  });

  it('removes half a bottle', async () => {
    const isHalf = ({ folder, home, metadata }: BottlePaths) =>
      existsSync(folder) && !(existsSync(metadata) && existsSync(join(home, talk)));
    expect(await wrongs(NAIVE.remove, 'rmdir', 'EIO', isHalf)).toBeGreaterThan(2);
  });
});

describeWith('strace', 'before a power cut', () => {
  /** The renames and syncs of an operation, each with the name of what it was done to, or `.` for the bottle. */
  function stepsOf(body: string, setup: () => void, paths: BottlePaths): string[] {
    setup();
    const { calls, stderr } = trace(onBottle(body, paths), { syscalls: ['rename', 'fsync'] });
    expect(stderr).toBe('');
    return calls.map(({ name, args }) => {
      const [, synced] = /<([^>]*)>/.exec(args) ?? [];
      if (name === 'fsync') return `sync ${synced === paths.folder ? '.' : basename(synced ?? '')}`;
      return `rename ${[...args.matchAll(/"([^"]*)"/g)].map(([, path = '']) => basename(path)).join(' ')}`;
    });
  }

  it.each(['mark', 'override', 'snapshot', 'remove'] as const)(
    'nothing of the naive way to %s is on the disk',
    way => {
      const { paths, setup } = bottleWithSnapshot();
      expect(stepsOf(NAIVE[way], setup, paths)).toEqual([]);
    },
  );

  it('a marker that was acknowledged is on the disk: the file, then its folder', () => {
    const { paths, setup } = bottleWithSnapshot();
    expect(stepsOf(MARK, setup, paths)).toEqual(['sync .preserve', 'sync .']);
  });

  it('a marker that was cleared is off the disk, and a new override is on it', () => {
    const { paths, setup } = bottleWithSnapshot();
    const marked = () => {
      setup();
      put(paths.preserve, '');
    };
    expect(stepsOf(CLEAR, marked, paths)).toEqual(['sync .']);
    expect(stepsOf(OVERRIDE, setup, paths)).toEqual([
      expect.stringMatching(/^sync \.Dockerfile\.tmp-/),
      expect.stringMatching(/^rename \.Dockerfile\.tmp-\S+ Dockerfile$/),
      'sync .',
    ]);
  });

  it('a marker that somebody else made is synced all the same', () => {
    const { paths, setup } = bottleWithSnapshot();
    const again = () => {
      setup();
      put(paths.preserve, '');
    };
    expect(stepsOf(MARK, again, paths)).toEqual(['sync .']);
  });

  it('a new snapshot is on the disk before the old one steps aside, and each rename before the next', () => {
    const { paths, setup } = bottleWithSnapshot();
    const steps = stepsOf(SNAPSHOT, setup, paths);
    const aside = steps.indexOf('rename transcript .transcript-previous');
    expect(steps.slice(aside - 1, aside + 4)).toEqual([
      'sync .',
      'rename transcript .transcript-previous',
      'sync .',
      'rename .transcript-next transcript',
      'sync .',
    ]);
    const written = steps.slice(0, aside);
    expect(written).toContain('sync one.jsonl');
    expect(written).toContain('sync .claude');
    expect(written).toContain('sync .transcript-next');
  });

  it('a removal that was reported is on the disk', () => {
    const { paths, setup } = bottleWithSnapshot();
    const steps = stepsOf(REMOVE, setup, paths);
    expect(steps.findIndex(step => step.includes('.removed-'))).toBeGreaterThan(0);
    expect(steps.at(-1)).toBe('sync state');
  });
});
