/** FAULTS.md rows 12-14 and its third opening fact: who owns what, with many processes and dead ones. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describeWith, killAtEachSyscall, program, temporaryFolder } from '@bot-bottle/test-kit';
import { acquireClaim, processMark, readClaim } from '../src/index.js';
import { durably } from './built.js';

const ROUNDS = 1000;
const CONTENDERS = 8;
const dist = JSON.stringify(join(__dirname, '..', 'dist', 'index.js'));

let folder: string;
let lease: string;

beforeEach(() => {
  folder = temporaryFolder({ memory: true });
  lease = join(folder, 'lease');
});

/** What a process leaves that was killed while it held a claim. */
function makeStale(path: string, number = 1): void {
  mkdirSync(path);
  const { pid, startTime, bootId, pidNamespace } = processMark();
  const owner = { pid, start_time: startTime + 1, boot_id: bootId, pid_namespace: pidNamespace, note: {} };
  writeFileSync(join(path, `owner-${pid}-${String(number).padStart(12, '0')}.json`), JSON.stringify(owner));
}

/** Runs rounds in which all contenders want the same stale claim at once, and returns how many won each. */
async function contest(contend: string, rounds: number, contenders: number): Promise<number[]> {
  const source = `import { acquireClaim, readClaim } from ${dist};
    import * as fs from 'node:fs';
    const contend = async path => { ${contend} };
    export default () => new Promise(resolve => {
      process.on('disconnect', resolve);
      process.on('message', path => contend(path).then(won => process.send(won)));
      process.send('ready');
    });`;
  const [, runner = '', ...args] = program(source);
  const children = Array.from({ length: contenders }, () => fork(runner, args));
  try {
    await Promise.all(children.map(child => once(child, 'message')));
    const winners: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const path = join(folder, `lease-${round}`);
      makeStale(path, round);
      const answers = children.map(child => once(child, 'message'));
      for (const child of children) child.send(path);
      const won = (await Promise.all(answers)).map(([answer]) => answer);
      winners.push(won.filter(answer => answer === true).length);
    }
    return winners;
  } finally {
    for (const child of children) child.disconnect();
    await Promise.all(children.map(child => once(child, 'exit')));
  }
}

describe('a stale claim that many processes want at once', () => {
  it(`gets one owner, in each of ${ROUNDS} rounds with ${CONTENDERS} contenders`, async () => {
    const contend = `try { await acquireClaim(path); return true; } catch (error) {
      return error.code === 'claim-held' ? false : String(error); }`;
    const winners = await contest(contend, ROUNDS, CONTENDERS);
    expect(winners).toEqual(Array(ROUNDS).fill(1));
    expect(readdirSync(folder)).toHaveLength(ROUNDS);
    expect(readdirSync(folder).every(name => readClaim(join(folder, name)).state === 'stale')).toBe(true);
  });

  // Between the look and the removal another removes and takes it; the pause only makes that likely.
  it('gets two owners by check, then remove', async () => {
    const contend = `const pause = () => new Promise(resolve => setTimeout(resolve, Math.random() * 5));
      if (readClaim(path).state !== 'stale') return false;
      await pause();
      fs.rmSync(path, { recursive: true, force: true });
      await pause();
      try { fs.mkdirSync(path); return true; } catch { return false; }`;
    const winners = await contest(contend, 50, CONTENDERS);
    expect(Math.max(...winners)).toBeGreaterThan(1);
  });
});

describe('an owner', () => {
  /** A real process that holds the claim until it is killed. It shows that it lives, for the naive way to see. */
  async function startOwner() {
    const [file = '', ...args] = durably(
      `await acquireClaim(args[0], { note: { task: "test" } });
      setInterval(() => fs.writeFileSync(args[1], ''), 20);
      console.log("held");`,
      lease,
      heartbeat,
    );
    const owner = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(owner.stdout, 'data');
    return owner;
  }

  const heartbeat = join(temporaryFolder({ memory: true }), 'heartbeat');

  /** Other ways to tell whether an owner lives, as lock files do it. */
  const naive = {
    byHeartbeat: () => existsSync(heartbeat) && Date.now() - statSync(heartbeat).mtimeMs < 300,
    byProcessId: (pid: number) => process.kill(pid, 0),
  };

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await setTimeout(10);
  }

  it('that was killed loses its claim to the next', async () => {
    const owner = await startOwner();
    expect(readClaim(lease)).toMatchObject({
      state: 'held',
      owner: { pid: owner.pid, note: { task: 'test' } },
    });
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(readClaim(lease)).toMatchObject({ state: 'stale', owner: { pid: owner.pid } });
    const claim = await acquireClaim(lease);
    expect(readClaim(lease)).toMatchObject({ state: 'held', owner: { pid: process.pid } });
    await claim.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that is stopped keeps its claim however long, and nobody else can have it', async () => {
    const owner = await startOwner();
    await until(naive.byHeartbeat);
    owner.kill('SIGSTOP');
    // Where a lease runs out by the clock it is free now, and the owner that wakes up again below is one of two.
    await until(() => !naive.byHeartbeat());
    await expect(acquireClaim(lease, { wait: 200 })).rejects.toMatchObject({
      code: 'claim-held',
      path: lease,
    });
    expect(readClaim(lease)).toMatchObject({ state: 'held', owner: { pid: owner.pid } });
    owner.kill('SIGCONT');
    await until(naive.byHeartbeat);
    await expect(acquireClaim(lease)).rejects.toMatchObject({ code: 'claim-held' });
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await (await acquireClaim(lease)).release();
  });

  it('whose process id another process has now is dead, though a process of that id is alive', async () => {
    makeStale(lease);
    expect(readClaim(lease)).toMatchObject({ state: 'stale', owner: { pid: process.pid } });
    expect(naive.byProcessId(process.pid)).toBe(true);
    await (await acquireClaim(lease)).release();
  });

  it('that ends while somebody waits is followed by the one who waits', async () => {
    const owner = await startOwner();
    const waiting = acquireClaim(lease, { wait: AbortSignal.timeout(30_000) });
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const claim = await waiting;
    expect(readClaim(lease)).toMatchObject({ state: 'held', owner: { pid: process.pid } });
    await claim.release();
  });
});

describeWith('strace', 'a claim whose contender or owner is killed at any system call', () => {
  const calls = ['mkdir', 'openat', 'pwrite64', 'fsync', 'unlink', 'rename', 'rmdir'];
  const command = () => durably('await (await acquireClaim(args[0])).release();', lease);
  const clear = () => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  };

  it.each([
    ['free', () => undefined],
    ['stale', () => makeStale(lease)],
  ])('is never broken: it was %s, and the next contender has it, and cleans up', async (_, make) => {
    const states = new Set<string>();
    await killAtEachSyscall({
      command: command(),
      syscalls: calls,
      setup: () => {
        clear();
        make();
      },
      check: async () => {
        const { state } = readClaim(lease);
        states.add(state);
        const claim = await acquireClaim(lease);
        expect(readdirSync(folder)).toEqual(['lease']);
        await claim.release();
        expect(readdirSync(folder)).toEqual([]);
      },
    });
    // The owner was killed too while it held it: that, and never `unknown`.
    expect(states).toEqual(new Set(['free', 'stale']));
  });

  it('is held for ever, and by nobody, where a claim is a folder that is made and removed', async () => {
    let blocked = 0;
    await killAtEachSyscall({
      command: durably('fs.mkdirSync(args[0]); fs.rmdirSync(args[0]);', lease),
      syscalls: ['mkdir', 'rmdir'],
      setup: clear,
      check: () => {
        try {
          mkdirSync(lease);
          rmdirSync(lease);
        } catch {
          blocked += 1;
        }
      },
    });
    expect(blocked).toBe(1);
  });
});

describe('a claim folder that somebody else made', () => {
  it('is free where it is empty', async () => {
    mkdirSync(lease);
    expect(readClaim(lease)).toEqual({ state: 'free' });
    await (await acquireClaim(lease)).release();
    expect(existsSync(lease)).toBe(false);
  });

  const [name, other] = ['owner-1-0123456789ab.json', 'owner-2-0123456789ab.json'];
  it.each([
    ['has an empty owner file', { [name]: '' }],
    ['has a torn owner file', { [name]: '{ "pid": 1' }],
    ['has an owner file without the mark', { [name]: '{ "pid": 1 }' }],
    ['has an owner file of NULs', { [name]: '\0'.repeat(100) }],
    ['has two owner files', { [name]: '{}', [other]: '{}' }],
    ['has something else in it', { 'README.md': 'mine' }],
    ['has an owner file of a megabyte', { [name]: ' '.repeat(2 ** 20) }],
  ])('is unknown and is not taken where it %s', async (_, files) => {
    mkdirSync(lease);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(lease, file), text);
    expect(readClaim(lease)).toEqual({ state: 'unknown', owner: null });
    await expect(acquireClaim(lease)).rejects.toMatchObject({ code: 'claim-held' });
    expect(readdirSync(lease).sort()).toEqual(Object.keys(files).sort());
    expect(readdirSync(folder)).toEqual(['lease']);
  });

  it('is unknown and is not taken where the owner lives in another PID namespace', async () => {
    mkdirSync(lease);
    const { bootId } = processMark();
    const owner = { pid: 1, start_time: 1, boot_id: bootId, pid_namespace: 'pid:[1]', note: {} };
    writeFileSync(join(lease, name), JSON.stringify(owner));
    expect(readClaim(lease)).toMatchObject({ state: 'unknown', owner: { pid: 1 } });
    await expect(acquireClaim(lease)).rejects.toMatchObject({ code: 'claim-held' });
  });

  it('is refused where it is a link, a file, or lies in an absent folder', async () => {
    symlinkSync(folder, lease);
    writeFileSync(join(folder, 'file'), '');
    for (const path of [lease, join(folder, 'file')]) {
      expect(() => readClaim(path)).toThrow(expect.objectContaining({ code: 'not-a-folder' }));
      await expect(acquireClaim(path)).rejects.toMatchObject({ code: 'not-a-folder' });
    }
    await expect(acquireClaim(join(folder, 'absent', 'lease'))).rejects.toMatchObject({ code: 'absent' });
    expect(readClaim(join(folder, 'absent', 'lease'))).toEqual({ state: 'free' });
    expect(readdirSync(folder).sort()).toEqual(['file', 'lease']);
  });
});
