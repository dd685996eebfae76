import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isPreserved, markPreserved } from '@bot-bottle/preserve';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { describeBottle } from '../src/session/state.js';
import { BUNDLE, keeperOf, livingKeeperOf, Operator, until } from './support/cli.js';
import { runs } from './support/keeper.js';
import { PersonAtTerminal } from './support/terminal.js';

describeWith('bwrap', 'a session', () => {
  let operator: Operator;
  beforeEach(() => {
    operator = new Operator();
  });
  afterEach(() => operator.killAll());

  it('that nobody keeps leaves nothing behind', async () => {
    expect(await operator.run(['start', 'shell', '--', '-c', 'echo x >file'])).toMatchObject({ code: 0 });
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
  });

  it('that is preserved comes back with its workspace, its home and its transcript', async () => {
    const bottle = await operator.start(
      'shell',
      '--',
      '-c',
      'read x; echo $x >made; echo $x >~/.bash_history',
    );
    await operator.run(['preserve', bottle.identity]);
    const ended = await operator.run(['attach', bottle.identity], { input: 'work\n' });
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain(`bot-bottle resume ${bottle.identity}`);
    expect(describeBottle(bottle)).toMatchObject({
      state: 'preserved',
      session: { phase: 'ended', exit: { code: 0 } },
    });
    expect(readFileSync(join(bottle.transcript, '.bash_history'), 'utf8')).toBe('work\n');

    const resumed = await operator.run(['resume', bottle.identity], { input: 'again\n' });
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/back: the workspace/);
    expect(existsSync(bottle.folder)).toBe(false);
  });

  it('whose keeper is killed runs nothing any more, is dead, and is resumed with all that it had', async () => {
    const token = `token:${operator.root}`;
    const bottle = await operator.start('shell', '--', '-c', 'echo work >made; read x; cat made', token);
    await until(() => existsSync(join(bottle.workspace, 'made')));
    process.kill(livingKeeperOf(bottle), 'SIGKILL');
    // The last of a process that is killed ends after what it held.
    await until(() => !runs(token) && describeBottle(bottle).state !== 'running');
    expect(describeBottle(bottle).state).toBe('dead');
    expect(existsSync(bottle.controlSocket)).toBe(true);
    // The socket that nobody listens on is replaced.
    const resumed = await operator.run(['resume', bottle.identity], { input: '\n' });
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('work') });
  });

  it('is resumed once, however many try at the same time', async () => {
    const bottle = await operator.start('shell', '--', '-c', 'read x');
    await markPreserved(bottle);
    await operator.run(['stop', bottle.identity, '--grace', '0']);
    const tries = await Promise.all(
      [1, 2, 3].map(() => operator.run(['resume', bottle.identity, '--detach'])),
    );
    expect(tries.map(({ code }) => code).sort()).toEqual([0, 125, 125]);
    expect(describeBottle(bottle).state).toBe('running');
    expect(await operator.run(['resume', bottle.identity])).toMatchObject({ code: 125 });
  });

  it('is stopped in order, and at once where no grace is given', async () => {
    const polite = await operator.start(
      'shell',
      '--',
      '-c',
      'trap "echo bye >made; exit 3" TERM; while :; do sleep 0.05; done',
    );
    await markPreserved(polite);
    await until(() => describeBottle(polite).state === 'running');
    expect(await operator.run(['stop', polite.identity])).toMatchObject({ code: 0 });
    expect(readFileSync(join(polite.workspace, 'made'), 'utf8')).toBe('bye\n');
    expect(describeBottle(polite).session).toMatchObject({ phase: 'ended', exit: { code: 3 } });

    const deaf = await operator.start('shell', '--', '-c', 'trap "" TERM HUP; while :; do sleep 0.05; done');
    expect(await operator.run(['stop', deaf.identity, '--grace', '0'])).toMatchObject({ code: 0 });
    expect(existsSync(deaf.folder)).toBe(false);
  });

  it('ends in order when its keeper is asked to, and a hang-up does not touch it', async () => {
    const bottle = await operator.start('shell', '--', '-c', 'read x');
    const keeper = livingKeeperOf(bottle);
    process.kill(keeper, 'SIGHUP');
    expect(await operator.run(['list'])).toMatchObject({ stdout: expect.stringContaining('running') });
    await markPreserved(bottle);
    process.kill(keeper, 'SIGTERM');
    await until(() => keeperOf(bottle) === null);
    expect(describeBottle(bottle)).toMatchObject({ state: 'preserved', session: { phase: 'ended' } });
  });

  it('works on the operator’s own repository where that is mounted', async () => {
    const repository = makeRepository();
    const script =
      'echo new >file && git add file && git -c user.name=a -c user.email=a@b commit -qm inside && git clone -q . /tmp/clone && git --no-pager -C /tmp/clone log --format=%s';
    const outcome = await operator.run(['start', 'shell', '--cwd', repository, '--', '-c', `pwd; ${script}`]);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringMatching(/inside\s+first/) });
    expect(outcome.stdout).toContain(repository);
    expect(git(repository, 'log', '--format=%s')).toBe('inside\nfirst\n');
    expect(git(repository, 'status', '--porcelain')).toBe('');
  });

  it('works on a copy, leaves the original as it is, and shows what it changed', async () => {
    const repository = makeRepository();
    const before = snapshotOf(repository);
    const script =
      'echo changed >file; echo new >added; rm gone; mkdir deep; ln -s /etc/passwd deep/link; chmod +x run; git -c user.name=a -c user.email=a@b commit -qam inside';
    const bottle = await operator.start(
      'shell',
      '--copy-cwd',
      repository,
      '--',
      '-c',
      `${script}; echo over >~/over; read x`,
    );
    await until(() => existsSync(join(bottle.home, 'over')));
    const { stdout } = await operator.run(['diff', bottle.identity, '--json']);
    const changes = JSON.parse(stdout).changes.filter(
      ({ path }: { path: string }) => !path.startsWith('.git'),
    );
    expect(changes).toEqual([
      { path: 'added', kind: 'added', type: 'file' },
      { path: 'deep', kind: 'added', type: 'folder' },
      { path: 'deep/link', kind: 'added', type: 'link' },
      { path: 'file', kind: 'modified', type: 'file' },
      { path: 'gone', kind: 'removed', type: 'file' },
      { path: 'run', kind: 'modified', type: 'file' },
    ]);
    expect(snapshotOf(repository)).toEqual(before);

    // What git reads is what git wrote: the patch turns the original into the copy.
    const patch = join(operator.home, 'patch');
    writeFileSync(patch, (await operator.run(['diff', bottle.identity])).stdout);
    git(repository, 'apply', patch);
    expect(readFileSync(join(repository, 'file'), 'utf8')).toBe('changed\n');
    expect(existsSync(join(repository, 'gone'))).toBe(false);
    expect(statSync(join(repository, 'run')).mode & 0o111).not.toBe(0);
    expect(
      JSON.parse((await operator.run(['diff', bottle.identity, '--json'])).stdout).changes,
    ).not.toContainEqual(expect.objectContaining({ path: 'file' }));
  });

  it.each([
    ['is not there', () => '/nowhere/at/all', 'workspace-missing'],
    ['holds the state of all bottles', () => operator.home, 'workspace-refused'],
    ['lies in that state', () => join(operator.root, 'state'), 'workspace-refused'],
  ])('is refused a folder that %s, and nothing of it stays', async (_, folder, code) => {
    await operator.run(['start', 'shell', '--', '-c', ':']);
    for (const how of ['--cwd', '--copy-cwd']) {
      const { code: exit, stderr } = await operator.run([
        'start',
        'shell',
        how,
        folder(),
        '--json',
        '--detach',
      ]);
      expect({ exit, stderr }).toEqual({ exit: 125, stderr: expect.stringContaining(code) });
    }
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
  });

  it('that cannot be launched leaves nothing, and says why', async () => {
    const config = 'agents:\n  absent:\n    command: [./no/such/program]\n';
    mkdirSync(operator.root, { mode: 0o700 });
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), config);
    const { code, stdout, stderr } = await operator.run(['start', 'absent']);
    expect(code).toBeGreaterThan(0);
    expect(stdout + stderr).toContain('/no/such/program');
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
  });

  it('that is interrupted while it is being made leaves nothing', async () => {
    const folder = join(operator.home, 'large');
    mkdirSync(folder);
    for (let file = 0; file < 20_000; file += 1) writeFileSync(join(folder, `file-${file}`), '');
    const person = new PersonAtTerminal(operator, ['start', 'shell', '--copy-cwd', folder]);
    await until(() => operator.bottles().some(({ metadata }) => existsSync(metadata)));
    person.type('\x03');
    expect(await person.exited()).toBe(125);
    expect(person.shown).toContain('interrupted');
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
  });

  // The naive way tells of a keeper that died where its own Ctrl-C came before the keeper could hear it.
  it('that is interrupted before its keeper listens is interrupted, and nothing has failed', async () => {
    for (const waitMs of [0, 15, 30, 60]) {
      const command = spawn(process.execPath, [BUNDLE, 'start', 'shell', '--', 'true'], {
        env: operator.env,
      });
      const ended = new Promise(resolve => command.once('close', resolve));
      let said = '';
      command.stderr.setEncoding('utf8').on('data', text => {
        said += text;
      });
      const children = `/proc/${command.pid}/task/${command.pid}/children`;
      const isKeeper = (pid: string): boolean =>
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('__keeper');
      await until(() => {
        try {
          return readFileSync(children, 'utf8').split(' ').filter(Boolean).some(isKeeper);
        } catch {
          // One of the short-lived children of the backend's probe, gone meanwhile.
          return false;
        }
      });
      await delay(waitMs);
      command.kill('SIGTERM');
      await ended;
      expect(said).not.toMatch(/died|doctor/);
    }
    await until(() => operator.bottles().length === 0);
  });

  it('is stopped also while it is being made, and leaves nothing', async () => {
    const folder = join(operator.home, 'large');
    mkdirSync(folder);
    for (let file = 0; file < 20_000; file += 1) writeFileSync(join(folder, `file-${file}`), '');
    const starting = operator.run(['start', 'shell', '--copy-cwd', folder, '--detach']);
    await until(() => operator.bottles().some(({ metadata }) => existsSync(metadata)));
    const [bottle] = operator.bottles();
    expect(await operator.run(['stop', bottle?.identity ?? ''])).toMatchObject({ code: 0 });
    expect(await starting).toMatchObject({ code: 125, stderr: expect.stringContaining('interrupted') });
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
  });

  it('goes on being made where only its command was killed', async () => {
    const folder = join(operator.home, 'large');
    mkdirSync(folder);
    for (let file = 0; file < 2_000; file += 1) writeFileSync(join(folder, `file-${file}`), '');
    const person = new PersonAtTerminal(operator, [
      'start',
      'shell',
      '--copy-cwd',
      folder,
      '--',
      '-c',
      'read x; exit 4',
    ]);
    await until(() => operator.bottles().some(({ metadata }) => existsSync(metadata)));
    process.kill(person.pid, 'SIGKILL');
    const bottle = operator.onlyBottle();
    await until(() => describeBottle(bottle).state === 'running');
    expect(await operator.run(['attach', bottle.identity], { input: '\n' })).toMatchObject({ code: 4 });
  });

  it('whose mounted folder is gone is not resumed without it, and stays preserved', async () => {
    const folder = join(operator.home, 'project');
    mkdirSync(folder);
    const bottle = await operator.start('shell', '--cwd', folder, '--', '-c', 'read x');
    await markPreserved(bottle);
    await operator.run(['stop', bottle.identity, '--grace', '0']);
    execFileSync('rmdir', [folder]);
    const { code, stderr } = await operator.run(['resume', bottle.identity]);
    expect({ code, stderr }).toEqual({ code: 125, stderr: expect.stringContaining(folder) });
    expect(describeBottle(bottle)).toMatchObject({ state: 'preserved', session: { phase: 'ended' } });
    expect(isPreserved(bottle)).toBe(true);
  });

  it('gives the agent the variables that it names, and puts their values nowhere else', async () => {
    const secret = 'sk-7b1f0c5e-never-on-disk';
    const config =
      'agents:\n  keen:\n    command: [sh, -c, \'echo "<$KEEN_KEY>" | tr a-z A-Z; read x\']\n    passEnv: [KEEN_KEY]\n';
    const keen = new Operator({ env: { KEEN_KEY: secret, OTHER_KEY: secret } });
    mkdirSync(keen.root, { mode: 0o700 });
    writeFileSync(join(keen.root, 'bot-bottle.yaml'), config);
    const bottle = await keen.start('keen');
    await until(
      () =>
        existsSync(bottle.terminalLog) &&
        readFileSync(bottle.terminalLog, 'utf8').includes(secret.toUpperCase()),
    );
    expect(runs(secret)).toBe(false);
    expect(
      execFileSync('sh', ['-c', `grep -rlF -e ${secret} "$1" || true`, 'sh', keen.root], {
        encoding: 'utf8',
      }),
    ).toBe('');
    await keen.killAll();
  });

  it('is kept by a keeper whose state folder is deeper than a socket’s address may be long', async () => {
    const deep = new Operator({ root: join(temporaryFolder(), 'x'.repeat(120), 'root') });
    const bottle = await deep.start('shell', '--', '-c', 'read x; exit 2');
    expect(bottle.controlSocket.length).toBeGreaterThan(108);
    expect(statSync(bottle.controlSocket).mode & 0o777).toBe(0o600);
    expect(await deep.run(['attach', bottle.identity], { input: '\n' })).toMatchObject({ code: 2 });
  });

  it('shows its log while it runs, until it ends', async () => {
    const bottle = await operator.start('shell', '--', '-c', 'echo one; read x; echo two; read x');
    const following = new PersonAtTerminal(operator, ['logs', bottle.identity, '--follow']);
    await following.sees('one');
    expect((await operator.run(['logs', bottle.identity])).stdout).toContain('one');
    expect(statSync(bottle.terminalLog).mode & 0o777).toBe(0o600);
    await operator.run(['attach', bottle.identity], { input: '\n\n' });
    await following.sees('two');
    expect(await following.exited()).toBe(0);
  });

  it('that is started on a link to a folder works on the folder, and on nothing behind a link in a copy', async () => {
    const real = join(operator.home, 'real');
    const link = join(operator.home, 'link');
    mkdirSync(real);
    symlinkSync('/etc/hostname', join(real, 'outside'));
    symlinkSync(real, link);
    const bottle = await operator.start('shell', '--copy-cwd', link, '--', '-c', 'read x');
    expect(JSON.parse(readFileSync(bottle.metadata, 'utf8'))).toMatchObject({ cwd: real, copy_cwd: true });
    expect(JSON.parse((await operator.run(['diff', bottle.identity, '--json'])).stdout).changes).toEqual([]);
  });
});

function makeRepository(): string {
  const folder = join(temporaryFolder(), 'repository');
  mkdirSync(folder);
  git(folder, 'init', '-q');
  for (const name of ['file', 'gone', 'run']) writeFileSync(join(folder, name), `${name}\n`);
  git(folder, 'add', '.');
  git(folder, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'first');
  return folder;
}

function git(folder: string, ...args: string[]): string {
  return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
}

/** Names, contents, modes and times of a tree. */
function snapshotOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map(name => {
      const path = join(folder, name);
      const { mode, mtimeMs } = statSync(path);
      return `${name} ${mode} ${mtimeMs} ${statSync(path).isFile() ? readFileSync(path, 'base64') : ''}`;
    });
}
