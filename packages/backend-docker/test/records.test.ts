import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithEngine, makeTestImage, TEST_IMAGE, temporaryFolder } from '@bot-bottle/test-kit';
import { loggingClient } from './logging-client.js';
import { docker, Operator } from './operator.js';

/** Puts a bottle into the root as the older tool writes it: nothing but these files. */
function plant(operator: Operator, identity: string, record: object, files: Record<string, string> = {}) {
  const folder = operator.folder(identity);
  const written = { 'metadata.json': `${JSON.stringify(record, null, 2)}\n`, ...files };
  for (const [name, text] of Object.entries(written)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const STARTED = { agent_name: 'shell', started_at: '2026-01-02T03:04:05.678901+00:00' };
/** Of the first vintage, which said neither who it is nor where it runs. */
const FIRST = { ...STARTED, cwd: '', copy_cwd: false };

const listed = (operator: Operator) => operator.json<Record<string, unknown>[]>('list');

describeWithEngine("the older tool's bottles", () => {
  beforeAll(makeTestImage);

  it.each(['docker', 'local'])('are listed and shown as of docker where the default is %s', async backend => {
    const operator = new Operator(backend);
    plant(operator, 'first-aaaaa', FIRST);
    plant(operator, 'second-aaaaa', { identity: 'second-aaaaa', ...FIRST, compose_project: '' });
    const third = { identity: 'third-aaaaa', ...FIRST, compose_project: 'its_own-name', backend: '' };
    plant(operator, 'third-aaaaa', third, { '.preserve': '' });
    const rows = await listed(operator);
    expect(
      rows.map(({ identity, state, backend, atBackend }) => [identity, state, backend, atBackend]).sort(),
    ).toEqual([
      ['first-aaaaa', 'stopped', 'docker', 'gone'],
      ['second-aaaaa', 'stopped', 'docker', 'gone'],
      ['third-aaaaa', 'preserved', 'docker', 'gone'],
    ]);
    for (const [identity, composeProject] of [
      ['first-aaaaa', 'bot-bottle-first-aaaaa'],
      ['third-aaaaa', 'its_own-name'],
    ] as const) {
      expect(await operator.json('show', identity)).toMatchObject({
        ...{ identity, composeProject, backend: 'docker', atBackend: 'gone', agent: 'shell' },
      });
    }
  });

  it('of every vintage are resumed and removed', async () => {
    const operator = new Operator('local');
    const second = (identity: string) => ({ identity, ...FIRST });
    const third = (identity: string) => ({ ...second(identity), compose_project: `bot-bottle-${identity}` });
    plant(operator, 'one-aaaaa', FIRST);
    plant(operator, 'two-aaaaa', second('two-aaaaa'));
    plant(operator, 'three-aaaaa', third('three-aaaaa'));
    plant(
      operator,
      'four-aaaaa',
      { ...third('four-aaaaa'), backend: 'docker' },
      { Dockerfile: `FROM ${TEST_IMAGE}\n`, 'live-config/routes.yaml': 'routes: []\n' },
    );
    const identities = ['one-aaaaa', 'two-aaaaa', 'three-aaaaa', 'four-aaaaa'];
    const resumed = await Promise.all(identities.map(id => operator.run(['resume', id, '--detach'])));
    expect(resumed.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect((await listed(operator)).map(({ state, atBackend }) => [state, atBackend])).toEqual(
      identities.map(() => ['running', 'running']),
    );
    const image = docker('inspect', '--format', '{{.Config.Image}}', 'bot-bottle-four-aaaaa-agent');
    expect(image).toBe('bot-bottle-rebuilt-four-aaaaa:latest');
    const removed = await Promise.all(identities.map(id => operator.run(['rm', '--force', id])));
    expect(removed.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await listed(operator)).toEqual([]);
    const left = identities.map(id =>
      docker('ps', '--all', '--quiet', '--filter', `label=bot-bottle.identity=${id}`),
    );
    expect(left).toEqual(['', '', '', '']);
  });

  it('are resumed in the project that they name, with their folder, transcript and live config, and removed', async () => {
    const operator = new Operator('local');
    const cwd = join(operator.home, 'app');
    mkdirSync(cwd);
    const record = {
      identity: 'own-aaaaa',
      ...STARTED,
      cwd,
      copy_cwd: false,
      compose_project: 'its_own-name',
    };
    const folder = plant(operator, 'own-aaaaa', record, {
      '.preserve': '',
      'transcript/.bash_history': 'an old word\n',
      'live-config/allowlist': 'example.com # of the older tool\n',
    });
    const { code, stderr } = await operator.run(['resume', 'own-aaaaa', '--detach']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('back: transcript .bash_history'),
    });
    expect(
      docker('ps', '--filter', 'label=com.docker.compose.project=its_own-name', '--format', '{{.Names}}')
        .split('\n')
        .sort(),
    ).toEqual(['its_own-name-agent', 'its_own-name-egress']);
    expect(await operator.json('show', 'own-aaaaa')).toMatchObject({
      state: 'running',
      cwd,
      atBackend: 'running',
    });
    expect(readFileSync(join(folder, 'agent/home/.bash_history'), 'utf8')).toBe('an old word\n');
    expect(readFileSync(join(folder, 'live-config/allowlist'), 'utf8')).toBe(
      'example.com # of the older tool\n',
    );
    // What that tool wrote is still what it reads.
    expect(JSON.parse(readFileSync(join(folder, 'metadata.json'), 'utf8'))).toEqual(record);
    expect(await operator.run(['rm', '--force', 'own-aaaaa'])).toMatchObject({ code: 0 });
    expect(
      docker('ps', '--all', '--quiet', '--filter', 'label=com.docker.compose.project=its_own-name'),
    ).toBe('');
    expect(existsSync(folder)).toBe(false);
  });

  it('that had a copy of their folder are given another one, and told so', async () => {
    const operator = new Operator();
    const cwd = join(operator.home, 'app');
    mkdirSync(cwd);
    writeFileSync(join(cwd, 'source'), 'of the operator');
    const folder = plant(operator, 'copy-aaaaa', { ...FIRST, cwd, copy_cwd: true });
    const { code, stderr } = await operator.run(['resume', 'copy-aaaaa'], 'echo more >>source; exit\n');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('its folder is copied anew'),
    });
    expect(stderr).toContain('NOT back: a live config');
    expect(readFileSync(join(cwd, 'source'), 'utf8')).toBe('of the operator');
    // Nobody kept it.
    expect(existsSync(folder)).toBe(false);
  });

  it('are not touched, at the engine or in the root, while their containers are there', async () => {
    const operator = new Operator();
    const folder = plant(operator, 'theirs-aaaaa', FIRST);
    const label = 'com.docker.compose.project=bot-bottle-theirs-aaaaa';
    const script = ['sh', '-c', 'while :; do sleep 1; done'];
    const id = docker(
      'run',
      '--detach',
      '--name',
      'theirs-1',
      '--label',
      label,
      '--network',
      'none',
      TEST_IMAGE,
      ...script,
    );
    try {
      expect(await listed(operator)).toMatchObject([
        { state: 'unknown', atBackend: 'foreign', problem: expect.stringContaining('theirs-1') },
      ]);
      const resumed = await operator.run(['resume', 'theirs-aaaaa', '--detach']);
      expect(resumed).toMatchObject({ code: 125, stderr: expect.stringContaining('theirs-1') });
      expect(resumed.stderr).toContain('try: docker compose --project-name bot-bottle-theirs-aaaaa down');
      expect(await operator.run(['prune'])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^kept .*theirs-1/),
      });
      expect(await operator.run(['rm', 'theirs-aaaaa'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('--force'),
      });
      expect(existsSync(folder)).toBe(true);
      expect(await operator.run(['rm', '--force', 'theirs-aaaaa'])).toMatchObject({
        code: 0,
        stderr: expect.stringContaining("what is not bot-bottle's"),
      });
      expect(existsSync(folder)).toBe(false);
      expect(docker('inspect', '--format', '{{.Id}} {{.State.Running}}', 'theirs-1')).toBe(`${id} true`);
    } finally {
      docker('rm', '--force', 'theirs-1');
    }
  });
});

describeWithEngine('the state of bottles at their engine', () => {
  beforeAll(makeTestImage);

  it('is asked for once for a thousand bottles, and not where no bottle is of docker', async () => {
    const operator = new Operator();
    const { folder, calls } = loggingClient();
    const env = { PATH: `${folder}:${operator.env['PATH']}` };
    for (let i = 0; i < 1_000; i++) {
      const identity = `many-${String(i).padStart(5, '0')}`;
      plant(operator, identity, { identity, ...FIRST, backend: 'docker' });
    }
    const { code, stdout } = await operator.run(['list', '--json'], '', env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(1_000);
    expect(calls()).toEqual([expect.stringMatching(/^ps --all /)]);
    for (const args of [
      ['list', '--quiet'],
      ['list', '--backend', 'local'],
      ['list', '--agent', 'nobody'],
    ])
      await operator.run(args, '', env);
    expect(calls()).toHaveLength(1);
    await operator.run(['prune', '--dry-run'], '', env);
    // And once for the images of all.
    expect(calls().map(call => call.split(' ', 1)[0])).toEqual(['ps', 'ps', 'image']);
  });

  it('is unknown where the engine is down, and every bottle is listed', async () => {
    const operator = new Operator();
    plant(operator, 'down-aaaaa', FIRST);
    const env = { DOCKER_HOST: `unix://${join(temporaryFolder(), 'nobody.sock')}` };
    const { code, stdout, stderr } = await operator.run(['list', '--json'], '', env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      { identity: 'down-aaaaa', state: 'stopped', atBackend: 'unknown' },
    ]);
    expect(stderr).toMatch(
      /^bot-bottle: what runs on docker is not known: the engine is down.*\n {2}try: systemctl start docker\n$/,
    );
    expect(await operator.run(['prune'], '', env)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^kept down-aaaaa/),
    });
  });

  it('tells an agent that outlived its keeper from one that is gone; the one is ended, the other resumed', async () => {
    const operator = new Operator();
    const identity = await operator.start('-c', 'while read -r x; do echo "$x" >>said; done');
    await operator.killKeeper(identity);
    const kept = `kept ${identity}: its backend still runs it\n`;
    expect(await operator.run(['prune'])).toEqual({ code: 0, stdout: kept, stderr: '' });
    await operator.run(['preserve', identity]);
    expect(await listed(operator)).toMatchObject([
      { state: 'unattended', atBackend: 'running', preserved: true },
    ]);
    expect(await operator.run(['rm', identity])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('runs'),
    });
    expect(await operator.run(['stop', identity, '--grace', '0'])).toEqual({
      code: 0,
      stdout: `${identity}\n`,
      stderr: `bot-bottle: kept; go on with: bot-bottle resume ${identity}\n`,
    });
    expect(await listed(operator)).toMatchObject([{ state: 'preserved', atBackend: 'gone' }]);

    expect(await operator.run(['resume', identity, '--detach'])).toMatchObject({ code: 0 });
    await operator.killKeeper(identity);
    docker('rm', '--force', `bot-bottle-${identity}-agent`, `bot-bottle-${identity}-egress`);
    expect(await listed(operator)).toMatchObject([{ state: 'dead', atBackend: 'gone' }]);
    expect(await operator.run(['resume', identity, '--detach'])).toMatchObject({ code: 0 });
    expect(await listed(operator)).toMatchObject([{ state: 'running', atBackend: 'running' }]);
    expect(await operator.run(['rm', '--force', identity])).toMatchObject({ code: 0 });
    expect(docker('ps', '--all', '--quiet', '--filter', `label=bot-bottle.identity=${identity}`)).toBe('');
  });
});
