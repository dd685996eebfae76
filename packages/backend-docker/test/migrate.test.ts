import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithEngine, makeTestImage, TEST_IMAGE, temporaryFolder } from '@bot-bottle/test-kit';
import { KillingClient } from './killing-client.js';
import { docker, Operator } from './operator.js';

const containersOf = (identity: string) =>
  docker('ps', '--all', '--format', '{{.Names}}', '--filter', `label=bot-bottle.identity=${identity}`);
const SCRIPT = 'echo made >>made; echo said >>~/.bash_history; read -r x';

describeWithEngine('a bottle that is moved to another backend', () => {
  let operator: Operator;
  let identity: string;
  let folder: string;
  const lines = (path: string) => readFileSync(join(folder, path), 'utf8').trim().split('\n').length;
  const launchFile = () => join(folder, 'launch.json');
  const backends = () =>
    ['metadata.json', 'launch.json'].map(name => {
      const { backend } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      return backend.name ?? backend;
    });

  beforeAll(async () => {
    makeTestImage();
    operator = new Operator('local', {}, { description: 'on both' });
    mkdirSync(join(operator.home, 'app'));
    const what = ['--copy-cwd', join(operator.home, 'app'), '--label', 'task=42', '--allow', 'example.com'];
    const { stdout, stderr } = await operator.run([
      'start',
      'shell',
      '--detach',
      ...what,
      '--',
      '-c',
      SCRIPT,
    ]);
    identity = stdout.trim();
    folder = operator.folder(identity);
    expect({ identity, stderr }).toEqual({ identity: expect.stringMatching(/^shell-/), stderr: '' });
  });

  it('takes its workspace, home, labels and live config along, there and back', async () => {
    const refused = await operator.run(['migrate', identity, '--backend', 'docker']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--stop') });
    for (const [from, to, resumed] of [
      ['local', 'docker', 2],
      ['docker', 'local', 3],
    ] as const) {
      // Nobody marked it; what is moved is kept.
      expect(await operator.run(['migrate', identity, '--backend', to, '--stop'])).toEqual({
        code: 0,
        stdout: `${identity} moved from ${from} to ${to}\n`,
        stderr: `bot-bottle: go on with: bot-bottle resume ${identity}\n`,
      });
      expect(containersOf(identity)).toBe('');
      expect(backends()).toEqual([to, to]);
      const back = await operator.run(['resume', identity, '--detach']);
      expect(back).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('back: transcript .bash_history'),
      });
      while (lines('agent/home/.bash_history') < resumed)
        await new Promise(resolve => setTimeout(resolve, 20));
      expect(lines('workspace/made')).toBe(resumed);
      expect(await operator.json('show', identity)).toMatchObject({
        ...{ state: 'running', backend: to, labels: { task: '42' }, copyCwd: true },
        policy: { entries: 1, problem: null },
      });
      expect(containersOf(identity) === '').toBe(to === 'local');
    }
    expect(await operator.run(['migrate', identity, '--backend', 'docker', '--stop'])).toMatchObject({
      code: 0,
    });
    expect(await operator.run(['migrate', identity, '--backend', 'docker'])).toMatchObject({
      code: 0,
      stdout: `${identity} is on docker already\n`,
    });
  });

  it('is not moved where that backend lacks what it needs, and stays as it was', async () => {
    const dockerfile = join(folder, 'Dockerfile');
    const launch = readFileSync(launchFile(), 'utf8');
    for (const [change, undo] of [
      [() => writeFileSync(dockerfile, `FROM ${TEST_IMAGE}\n`), () => rmSync(dockerfile)],
      [
        () =>
          writeFileSync(launchFile(), launch.replace('"agent": {', `"agent": {\n"image": "${TEST_IMAGE}",`)),
        () => writeFileSync(launchFile(), launch),
      ],
    ] as const) {
      change();
      const { code, stderr } = await operator.run(['migrate', identity, '--backend', 'local']);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('backend "local" lacks what'),
      });
      expect(backends()).toEqual(['docker', 'docker']);
      undo();
    }
    expect(await operator.run(['migrate', identity, '--backend', 'nowhere'])).toMatchObject({ code: 1 });
    expect(await operator.run(['migrate', identity])).toMatchObject({ code: 2 });
    const older = operator.folder('older-aaaaa');
    mkdirSync(older);
    writeFileSync(join(older, 'metadata.json'), '{ "agent_name": "shell" }');
    const { code, stderr } = await operator.run(['migrate', 'older-aaaaa', '--backend', 'local']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('bot-bottle resume older-aaaaa'),
    });
    rmSync(older, { recursive: true });
  });

  it('is whole on one side or the other when it is killed, and the next command finishes', async () => {
    const template = join(temporaryFolder(), 'bottle');
    cpSync(folder, template, { recursive: true });
    const finish = [
      ['migrate', identity, '--backend', 'local'],
      ['resume', identity],
      ['rm', '--force', identity],
    ];
    let killed = 0;
    let moved = 0;
    for (;;) {
      rmSync(folder, { recursive: true, force: true });
      cpSync(template, folder, { recursive: true });
      leaveContainer(identity, folder);
      const { code } = await operator.run(
        ['migrate', identity, '--backend', 'local'],
        '',
        new KillingClient(killed + 1, false).env,
      );
      if (code !== null) {
        expect([code, containersOf(identity), backends()]).toEqual([0, '', ['local', 'local']]);
        break;
      }
      killed += 1;
      expect(['docker', 'local']).toContain(backends()[0]);
      expect(await operator.json('list')).toMatchObject([
        { identity, backend: backends()[0], preserved: true },
      ]);
      const isMoved = backends()[0] === 'local';
      const command = finish[isMoved ? moved % finish.length : 0] ?? [];
      if (isMoved) moved += 1;
      expect(await operator.run(command, 'more\n')).toMatchObject({ code: 0 });
      expect(containersOf(identity)).toBe('');
      expect(existsSync(folder)).toBe(command[0] === 'migrate');
    }
    expect(killed).toBeGreaterThanOrEqual(4);
    expect(moved).toBeGreaterThanOrEqual(2);
    expect(moved).toBeLessThan(killed);
  });
});

/** As a keeper that was killed leaves it: an agent that ended, and nobody who removed it. */
function leaveContainer(identity: string, folder: string): void {
  const labels = {
    'com.docker.compose.project': `bot-bottle-${identity}`,
    'bot-bottle.identity': identity,
    'bot-bottle.role': 'agent',
    'bot-bottle.state': join(folder, 'agent/backend'),
  };
  const options = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  docker(
    'create',
    '--name',
    `bot-bottle-${identity}-agent`,
    '--network',
    'none',
    ...options,
    TEST_IMAGE,
    'true',
  );
}
