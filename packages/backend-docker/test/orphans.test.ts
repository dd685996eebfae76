import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithEngine, makeTestImage, TEST_IMAGE } from '@bot-bottle/test-kit';
import { docker, Operator } from './operator.js';

const running = (identity: string) =>
  docker('ps', '--quiet', '--filter', `label=bot-bottle.identity=${identity}`)
    .split('\n')
    .filter(id => id !== '').length;
const pidOf = (identity: string) =>
  docker('inspect', '--format', '{{.State.Pid}}', `bot-bottle-${identity}-agent`);

describeWithEngine('containers whose record is gone', () => {
  beforeAll(makeTestImage);

  it("are another root's affair, are nobody's while they have a lease, and are taken up again where they run", async () => {
    const operator = new Operator();
    const identity = await operator.start('-c', 'while read -r x; do echo "$x" >>said; done');
    rmSync(join(operator.folder(identity), 'metadata.json'));
    expect(await operator.json('prune', '--orphans')).not.toContainEqual(
      expect.objectContaining({ reason: 'orphan' }),
    );
    await operator.killKeeper(identity);
    const other = await new Operator().run(['prune', '--orphans']);
    expect(other).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(running(identity)).toBe(2);

    const pid = pidOf(identity);
    const { stdout } = await operator.run(['doctor']);
    expect(stdout).toMatch(
      new RegExp(
        `^warn +orphans: ${identity}: its record is gone, and docker has bot-bottle-${identity}-agent, `,
        'm',
      ),
    );
    expect(stdout).toContain(
      `its state was ${operator.folder(identity)}\n      try: bot-bottle adopt ${identity}`,
    );
    expect(await operator.run(['adopt', identity.slice(0, -2)])).toMatchObject({
      code: 0,
      stdout: `${identity}\n`,
    });
    expect(await operator.json('list')).toMatchObject([
      { identity, agent: 'shell', state: 'unattended', preserved: true, backend: 'docker' },
    ]);
    const resumed = await operator.run(['resume', identity, '--detach']);
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining('the agent itself') });
    expect(pidOf(identity)).toBe(pid);
    expect(await operator.run(['rm', '--force', identity])).toMatchObject({ code: 0 });
    expect(running(identity)).toBe(0);
  });

  it('are found where the whole state is gone, and adopted with the workspace and the labels that they have', async () => {
    const operator = new Operator();
    const cwd = join(operator.home, 'app');
    mkdirSync(cwd);
    const command = ['-c', 'echo here >>seen; while :; do sleep 0.1; done'];
    const started = await operator.run([
      'start',
      'shell',
      '--detach',
      '--cwd',
      cwd,
      '--label',
      'task=a,b',
      '--',
      ...command,
    ]);
    const identity = started.stdout.trim();
    await operator.killKeeper(identity);
    rmSync(operator.folder(identity), { recursive: true });
    expect(await operator.json('prune')).toMatchObject([
      {
        identity,
        action: 'kept',
        reason: 'orphan',
        because: expect.stringContaining(`bot-bottle adopt ${identity}`),
      },
    ]);
    expect(existsSync(operator.folder(identity))).toBe(false);

    expect(await operator.run(['adopt', identity])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(cwd),
    });
    expect(await operator.json('show', identity)).toMatchObject({
      ...{ state: 'unattended', cwd, copyCwd: false, labels: { task: 'a,b' }, agent: 'shell' },
      composeProject: `bot-bottle-${identity}`,
    });
    expect(await operator.run(['adopt', identity])).toMatchObject({ code: 1 });
    // Its way out went with its folder, and is not believed in.
    const refused = await operator.run(['resume', identity, '--detach']);
    expect(refused).toMatchObject({
      code: 125,
      stderr: expect.stringContaining(`try: bot-bottle stop ${identity}`),
    });
    expect(running(identity)).toBe(2);
    expect(await operator.run(['stop', identity, '--grace', '0'])).toMatchObject({
      code: 0,
      stdout: `${identity}\n`,
    });
    expect(await operator.run(['resume', identity], 'echo again >>seen; exit\n')).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'seen'), 'utf8')).toBe('here\nagain\n');
  });

  it('are removed when the operator says so, and nothing else is', async () => {
    const operator = new Operator();
    const [lost, kept] = [await operator.start('-c', 'read -r x'), await operator.start('-c', 'read -r x')];
    await operator.killKeeper(lost);
    rmSync(operator.folder(lost), { recursive: true });
    const dry = await operator.run(['prune', '--orphans', '--dry-run']);
    expect(dry.stdout).toMatch(
      new RegExp(`^would-remove ${lost}: its record is gone, and docker has bot-bottle-${lost}-agent`),
    );
    expect(running(lost)).toBe(2);
    expect(await operator.json('prune', '--orphans')).toMatchObject([
      { identity: lost, action: 'removed', reason: 'orphan' },
      { identity: kept, action: 'kept', reason: 'lease-alive' },
    ]);
    expect([running(lost), running(kept)]).toEqual([0, 2]);
    expect(existsSync(operator.folder(lost))).toBe(false);
    expect(await operator.run(['stop', kept, '--grace', '0'])).toMatchObject({ code: 0 });
  });

  it("are not all that a bottle leaves: its own image is found when its state is gone, and removed, and nobody else's", async () => {
    const operator = new Operator();
    const identity = await operator.start('-c', 'read -r x');
    await operator.run(['preserve', identity]);
    await operator.run(['stop', identity, '--grace', '0']);
    const image = `bot-bottle-rebuilt-${identity}:latest`;
    writeFileSync(join(operator.folder(identity), 'Dockerfile'), `FROM ${TEST_IMAGE}\n`);
    expect(await operator.run(['rebuild', identity])).toMatchObject({ code: 0, stdout: `${image}\n` });
    // Of another root, by its name and by its labels; and the operator's own, which has its labels.
    const other = 'bot-bottle-rebuilt-other-aaaaa:latest';
    const labels = {
      identity: 'other-aaaaa',
      role: 'override',
      state: '/elsewhere/state/other-aaaaa/agent/backend',
    };
    build(other, TEST_IMAGE, labels);
    build('of-my-own:1', image);
    const names = () =>
      [image, other, 'of-my-own:1'].filter(name => docker('image', 'ls', '--quiet', name) !== '');
    try {
      expect((await operator.run(['doctor'])).stdout).not.toContain('orphans');
      rmSync(operator.folder(identity), { recursive: true });
      expect((await operator.run(['doctor'])).stdout).toContain(
        `warn  orphans: ${identity}: its state is gone, and docker has its image ${image}\n      try: bot-bottle prune --orphans`,
      );
      const orphan = { identity, reason: 'orphan', left: [], because: expect.stringContaining(image) };
      expect(await operator.json('prune')).toEqual([{ ...orphan, action: 'kept', bytes: null }]);
      expect(names()).toHaveLength(3);
      expect(await operator.json('prune', '--orphans')).toEqual([
        { ...orphan, action: 'removed', bytes: null },
      ]);
      expect(names()).toEqual([other, 'of-my-own:1']);
      expect(await operator.json('prune', '--orphans')).toEqual([]);
    } finally {
      docker('image', 'rm', ...names());
    }
  });

  it('and those that have one are the same bottles however their root is spelled', async () => {
    const operator = new Operator();
    const link = join(operator.home, '../link');
    symlinkSync('home', link);
    const spelled = (...args: string[]) =>
      operator.run(args, '', { BOT_BOTTLE_HOME: `${link}/elsewhere/..//.bot-bottle/` });
    const { stdout } = await spelled('start', 'shell', '--detach', '--', '-c', 'read -r x');
    const identity = stdout.trim();
    await operator.killKeeper(identity);
    expect(await operator.json('list')).toMatchObject([
      { identity, state: 'unattended', atBackend: 'running' },
    ]);
    rmSync(operator.folder(identity), { recursive: true });
    expect(await operator.run(['adopt', identity])).toMatchObject({ code: 0, stdout: `${identity}\n` });
    expect(JSON.parse((await spelled('show', identity, '--json')).stdout)).toMatchObject({
      ...{ state: 'unattended', cwd: '', copyCwd: false },
    });
    rmSync(operator.folder(identity), { recursive: true });
    expect(await spelled('prune', '--orphans')).toMatchObject({
      ...{ code: 0, stdout: expect.stringContaining(`removed ${identity}: `), stderr: '' },
    });
    expect(running(identity)).toBe(0);
  });
});

/** An image that is made of another one, with labels of those that bottles' images have. */
function build(name: string, from: string, labels: Readonly<Record<string, string>> = {}): void {
  const options = Object.entries(labels).flatMap(([label, value]) => [
    '--label',
    `bot-bottle.image.${label}=${value}`,
  ]);
  execFileSync('docker', ['build', '--tag', name, ...options, '-'], {
    input: `FROM ${from}\nENV MADE=by-hand\n`,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}
