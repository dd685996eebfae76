// FAULTS rows 12, 13, 15-17, 22 and 28 with real processes, all at once on one root.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { rootPaths } from '@bot-bottle/state-paths';
import {
  describeWith,
  describeWithMounts,
  program,
  run,
  runAsync,
  temporaryFolder,
  withMounts,
} from '@bot-bottle/test-kit';
import { acquireLease, readLease, sweep } from '../src/index.js';
import { newBottle, plantLease, put, usedBottle } from './bottle.js';
import { NAIVE } from './naive.js';
import { onBottle, onRoot, SWEEP, source } from './programs.js';

const bottles = (root: string) => readdirSync(rootPaths(root).state).sort();

async function outputs(commands: string[][]): Promise<string[]> {
  const outcomes = await Promise.all(commands.map(command => runAsync(command)));
  expect(outcomes.map(({ stderr }) => stderr).join('')).toBe('');
  expect(outcomes.map(({ status }) => status)).toEqual(commands.map(() => 0));
  return outcomes.map(({ stdout }) => stdout);
}

/** A step of a program, at which it waits for the others: each has seen what it saw before any of them acts. */
const meet = (processes: number) => `
  fs.writeFileSync(root + '/met-' + process.pid, '');
  while (fs.readdirSync(root).filter(name => name.startsWith('met-')).length < ${processes}) await delay(2);`;

describe('clean-ups at once', () => {
  /** Two that list all bottles, and then go through them from both ends. */
  const removeAll = (remove: string) =>
    ['all', 'all.reverse()'].map(
      list => `
        const all = listIdentities(root).map(identity => bottlePaths(root, identity));
        ${meet(2)}
        for (const paths of ${list}) { ${remove} }`,
    );

  // Row 17.
  it('all succeed, and leave nothing', async () => {
    const root = temporaryFolder({ memory: true });
    const made = Array.from({ length: 40 }, () => usedBottle(root));
    const remove = `
      const { left } = await preserve.removeBottle(paths);
      if (left.length > 0) throw new Error(JSON.stringify(left));`;
    const said = await outputs([
      ...removeAll(remove).map(body => onRoot(body, root)),
      onRoot(SWEEP, root),
      onRoot(SWEEP, root),
    ]);
    expect(bottles(root)).toEqual([]);
    expect(said.join('')).not.toContain('failed');
    expect(made.every(({ folder }) => !existsSync(folder))).toBe(true);
  });

  it('fail by fs.rm, where they come to what the other has removed', async () => {
    const root = temporaryFolder({ memory: true });
    for (let n = 0; n < 40; n++) usedBottle(root);
    const commands = removeAll(NAIVE.remove).map(body => onRoot(body, root));
    const outcomes = await Promise.all(commands.map(command => runAsync(command)));
    expect(outcomes.map(({ stderr }) => stderr).join()).toContain('ENOENT');
  });
});

describe('sweeps against starts and resumes', () => {
  // Row 16. A session looks, at every step, whether all that it wrote is still there.
  const SESSIONS = `
    process.once('exit', () => fs.writeFileSync(root + '/done-' + process.pid, ''));
    const check = lease => {
      for (const name of ['metadata.json', 'work'])
        if (fs.readFileSync(lease.paths.folder + '/' + name, 'utf8') !== lease.paths.identity) throw new Error('lost ' + name);
    };
    for (let round = 0; round < 15; round++) {
      const lease = await preserve.reserveBottle(root, 'demo', { round });
      for (const name of ['metadata.json', 'work']) {
        fs.writeFileSync(lease.paths.folder + '/' + name, lease.paths.identity);
        await delay(1);
      }
      check(lease);
      await preserve.markPreserved(lease.paths);
      await lease.release();
      await delay(1);
      const resumed = await preserve.acquireLease(lease.paths);
      check(resumed);
      await preserve.clearPreserved(lease.paths);
      await delay(3);
      check(resumed);
      if (round % 2 === 0) await preserve.removeBottle(lease.paths, { lease: resumed });
      else await resumed.release();
    }`;
  const WHILE_THEY_RUN = "while (fs.readdirSync(root).filter(name => name.startsWith('done-')).length < 3)";
  const SWEEPS = `
    const said = {};
    ${WHILE_THEY_RUN}
      for await (const { action, reason, error } of preserve.sweep(root, { inspect: () => 'readable' })) {
        if (error) throw error;
        said[action + ' ' + reason] = (said[action + ' ' + reason] ?? 0) + 1;
      }
    return said;`;

  it('never remove a bottle in use, and remove every one that nobody kept', async () => {
    const root = temporaryFolder({ memory: true });
    const said = await outputs([
      ...Array.from({ length: 3 }, () => onRoot(SESSIONS, root)),
      ...Array.from({ length: 2 }, () => onRoot(SWEEPS, root)),
    ]);
    const counts = said.filter(Boolean).map(text => JSON.parse(text));
    for (const reason of ['kept lease-alive', 'removed ended'])
      expect(counts.some(count => count[reason] > 0)).toBe(true);
    run(onRoot(SWEEP, root));
    expect(bottles(root)).toEqual([]);
  });

  it('remove one in use by look, then remove', async () => {
    const sweeps = `${WHILE_THEY_RUN} { ${NAIVE.sweep} await delay(0); }`;
    const all = (commands: string[][]) => Promise.all(commands.map(command => runAsync(command)));
    let trouble = '';
    // It takes a look between a reservation and its lease; again, where there was none.
    for (let attempt = 0; attempt < 10 && trouble === ''; attempt++) {
      const root = temporaryFolder({ memory: true });
      const [sessions] = await Promise.all([
        all(Array(3).fill(onRoot(SESSIONS, root))),
        all(Array(2).fill(onRoot(sweeps, root))),
      ]);
      trouble = sessions.map(({ stderr }) => stderr).join('');
    }
    expect(trouble).toMatch(/ENOENT|lost|no-such-bottle/);
  });
});

describe('marking against removing', () => {
  // Row 28, in two processes that meet at each bottle.
  it('keeps every bottle whose marker was acknowledged', async () => {
    const root = temporaryFolder({ memory: true });
    const made = Array.from({ length: 120 }, () => usedBottle(root));
    const identities = JSON.stringify(made.map(({ identity }) => identity));
    const racer = (own: string, other: string, deed: string) => `
      const said = [];
      for (const [n, identity] of ${identities}.entries()) {
        const paths = bottlePaths(root, identity);
        fs.writeFileSync(root + '/${own}-' + n, '');
        while (!fs.existsSync(root + '/${other}-' + n));
        said.push(await preserve.${deed}(paths).then(() => 'done', error => error.code));
      }
      return said;`;
    const [marked, removed] = (
      await outputs([
        onRoot(racer('marker', 'remover', 'markPreserved'), root),
        onRoot(racer('remover', 'marker', 'removeBottle'), root),
      ])
    ).map(text => JSON.parse(text));
    for (const [n, { metadata, preserve }] of made.entries()) {
      const there = existsSync(metadata) && existsSync(preserve);
      expect([marked[n], removed[n]]).toEqual(there ? ['done', 'preserved'] : ['no-such-bottle', 'done']);
    }
  });
});

describe('contenders for a dead lease', () => {
  /** What each of eight processes says of each of 60 leases, sorted. */
  async function contest(contend: string): Promise<string[][]> {
    const root = temporaryFolder({ memory: true });
    const made = Array.from({ length: 60 }, () => usedBottle(root));
    for (const paths of made) plantLease(paths, { startTime: 1 });
    const commands = Array.from({ length: 8 }, () => onRoot(contend, root));
    const said: string[][] = (await outputs(commands)).map(text => JSON.parse(text));
    return made.map((_, n) => said.map(answers => String(answers[n])).sort());
  }

  // Row 12.
  it('are many, and one has it', async () => {
    const contend = `
      const said = await Promise.all(listIdentities(root).map(identity =>
        preserve.acquireLease(bottlePaths(root, identity)).then(() => 'taken', error => error.code)));
      ${meet(8)}
      return said;`;
    for (const answers of await contest(contend))
      expect(answers).toEqual([...Array(7).fill('lease-held'), 'taken']);
  });

  it('are many, and several have it, by look, then remove', async () => {
    const contend = `
      const all = listIdentities(root).map(identity => bottlePaths(root, identity));
      const dead = all.filter(paths => preserve.readLease(paths).state === 'dead');
      ${meet(8)}
      return dead.map(({ lease }) => {
        fs.rmSync(lease, { recursive: true, force: true });
        try { fs.mkdirSync(lease); return 'taken'; } catch { return 'lease-held'; }
      });`;
    const takers = (await contest(contend)).map(answers => answers.filter(said => said === 'taken').length);
    expect(Math.max(...takers)).toBeGreaterThan(1);
  });
});

describe('a session whose process', () => {
  /** It shows that it lives, for the naive way to see. */
  const SESSION = `
    await preserve.acquireLease(paths);
    setInterval(() => fs.writeFileSync(root + '/heartbeat', ''), 20);
    fs.writeSync(1, 'taken');`;

  // Row 13.
  it('is stopped is alive; when it is killed, it is dead', async () => {
    const paths = usedBottle();
    const naive = {
      isAlive: () => Date.now() - statSync(join(paths.root, 'heartbeat')).mtimeMs < 300,
    };
    const [file = '', ...args] = onBottle(SESSION, paths);
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise(resolve => child.stdout.once('data', resolve));
      while (!existsSync(join(paths.root, 'heartbeat'))) await delay(5);
      child.kill('SIGSTOP');
      // Whoever goes by the age of a heartbeat takes a stopped process for dead after a while.
      while (naive.isAlive()) await delay(20);
      expect(readLease(paths)).toMatchObject({ state: 'alive', owner: { pid: child.pid } });
      await expect(acquireLease(paths)).rejects.toMatchObject({
        code: 'lease-held',
        owner: { pid: child.pid },
      });
      expect(await swept(paths.root)).toEqual(['kept lease-alive']);
    } finally {
      child.kill('SIGKILL');
      await new Promise(resolve => child.once('close', resolve));
    }
    expect(readLease(paths)).toMatchObject({ state: 'dead', owner: { pid: child.pid } });
    expect(await swept(paths.root)).toEqual(['removed ended']);
  });
});

describeWith('faketime', 'a clock that is a year off', () => {
  // Row 15.
  it.each(['+1y', '-1y'])(
    '(%s) makes no sweep take what is alive, or a start that has begun',
    async offset => {
      const root = temporaryFolder({ memory: true });
      const alive = usedBottle(root);
      const started = newBottle(root);
      const leases = [await acquireLease(alive), await acquireLease(started)];
      const dead = usedBottle(root);
      const offBy = ['faketime', '-f', offset];
      const told = run([...offBy, ...onRoot(SWEEP, root)]);
      expect(JSON.parse(told.stdout).sort()).toEqual(
        [
          `${alive.identity} kept lease-alive`,
          `${started.identity} kept lease-alive`,
          `${dead.identity} removed ended`,
        ].sort(),
      );
      expect(bottles(root)).toEqual([alive.identity, started.identity].map(String).sort());
      // The naive sweep goes by age, and the fault is there: a year's difference.
      const age = run([
        ...offBy,
        ...onBottle('return Date.now() - fs.statSync(paths.folder).mtimeMs', alive),
      ]);
      expect(Math.abs(Number(age.stdout))).toBeGreaterThan(300 * 24 * 3600 * 1000);
      for (const lease of leases) await lease.release();
    },
  );

  it('in the folders themselves changes nothing either', async () => {
    const paths = usedBottle();
    const lease = await acquireLease(paths);
    for (const year of ['2001-01-01', '2099-01-01']) {
      utimesSync(paths.folder, new Date(year), new Date(year));
      expect(await swept(paths.root)).toEqual(['kept lease-alive']);
    }
    await lease.release();
  });
});

describeWithMounts('a mount inside a bottle', () => {
  it('is emptied by rm -rf', () => {
    const paths = usedBottle();
    const mounted = temporaryFolder();
    put(join(mounted, 'file'), 'outside');
    const point = join(paths.home, 'mounted');
    mkdirSync(point);
    run(withMounts(`mount --bind '${mounted}' '${point}'`, ['rm', '-rf', paths.folder]));
    expect(readdirSync(mounted)).toEqual([]);
  });

  // Row 22.
  it('stays, is reported, and does not keep the bottle in the list', () => {
    const paths = usedBottle();
    const mounted = temporaryFolder();
    put(join(mounted, 'file'), 'outside');
    const point = join(paths.home, 'mounted');
    mkdirSync(point);
    const { stdout, stderr } = run(
      withMounts(
        `mount --bind '${mounted}' '${point}'`,
        program(source('return { report: await preserve.removeBottle(paths), ids: listIdentities(root) }'), [
          paths.root,
          paths.identity,
        ]),
      ),
    );
    expect(stderr).toBe('');
    const { report, ids } = JSON.parse(stdout);
    expect(ids).toEqual([]);
    expect(report.left).toContainEqual({
      path: expect.stringMatching(/\/state\/\.removed-demo-[a-z0-9]{5}-[0-9a-f]{16}\/agent\/home\/mounted$/),
      reason: 'mount point',
    });
    expect(readFileSync(join(mounted, 'file'), 'utf8')).toBe('outside');
    expect(bottles(paths.root)).toHaveLength(1);
    expect(run(onRoot(SWEEP, paths.root)).stdout).toContain('removed leftover');
    expect(bottles(paths.root)).toEqual([]);
    expect(readFileSync(join(mounted, 'file'), 'utf8')).toBe('outside');
  });
});

async function swept(root: string): Promise<string[]> {
  const said: string[] = [];
  for await (const { action, reason } of sweep(root, { inspect: () => 'readable' }))
    said.push(`${action} ${reason}`);
  return said;
}
