import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { Operator, until } from './support/cli.js';
import { worker } from './support/keeper.js';
import { markPreserved, plant, plantLocal } from './support/records.js';

const operators: Operator[] = [];

function newOperator(env: Record<string, string> = {}): Operator {
  const operator = new Operator({ env });
  operators.push(operator);
  return operator;
}

afterEach(async () => {
  for (const operator of operators.splice(0)) await operator.killAll();
});

describe('start', () => {
  it("hands on the agent's exit code", async () => {
    expect((await newOperator().run(['start', 'shell', '--', '-c', 'exit 42'])).code).toBe(42);
  });

  it('runs one command in the shell agent, or options of bash itself', async () => {
    const operator = newOperator();
    expect((await operator.run(['start', 'shell', '--', 'printf', '%s|', 'a b', 'c'])).stdout).toBe('a b|c|');
    expect((await operator.run(['start', 'shell', '--', '-c', 'echo $0', 'me'])).stdout.trim()).toBe('me');
    expect((await operator.run(['start', 'shell'], { input: 'exit 3\n' })).code).toBe(3);
    expect((await operator.run(['start', 'shell', '--', 'no-such-program'])).code).toBe(127);
  });

  it("says so when a project's file defines the agent", async () => {
    const operator = newOperator();
    const project = join(operator.home, 'project');
    mkdirSync(project);
    writeFileSync(
      join(project, 'bot-bottle.yaml'),
      'agents: { ours: { command: [sh, -c, "echo from ours"] } }',
    );
    const { code, stdout, stderr } = await operator.run(['start', 'ours'], { cwd: project });
    expect([code, stdout.trim()]).toEqual([0, 'from ours']);
    expect(stderr).toContain(`agent "ours" is as ${project}/bot-bottle.yaml defines it`);
  });

  it("does not load code that a project's file names", async () => {
    const operator = newOperator();
    const project = join(operator.home, 'project');
    mkdirSync(project);
    writeFileSync(
      join(project, 'evil.cjs'),
      `require('node:fs').writeFileSync(${JSON.stringify(join(project, 'ran'))}, '')`,
    );
    writeFileSync(join(project, 'bot-bottle.yaml'), 'backends: { evil: ./evil.cjs }');
    for (const args of [
      ['start', 'demo', '--backend', 'evil'],
      ['doctor'],
      ['agents'],
      ['__complete', 'backend'],
    ]) {
      expect((await operator.run(args, { cwd: project })).code).not.toBe(0);
    }
    expect(existsSync(join(project, 'ran'))).toBe(false);
  });

  it('keeps the state with --preserve even of an agent that ends at once', async () => {
    const operator = newOperator();
    const { stderr } = await operator.run(['start', 'shell', '--preserve', '--', '-c', 'true']);
    const [paths] = operator.bottles();
    expect(stderr).toContain(`kept; go on with: bot-bottle resume ${paths?.identity}`);
  });

  it('prints the identity of a detached bottle, as text and as JSON', async () => {
    const operator = newOperator();
    const text = await operator.run(['start', 'shell', '--detach', '--', '-c', 'sleep 60']);
    expect(text.stdout).toMatch(/^shell-[a-z0-9]{5}\n$/);
    const json = JSON.parse(
      (await operator.run(['start', 'shell', '-d', '--json', '--', '-c', 'sleep 60'])).stdout,
    );
    expect(json).toEqual({
      identity: expect.stringMatching(/^shell-/),
      path: join(operator.root, 'state', json.identity),
    });
  });
});

describe('resume', () => {
  it('names the package for a bottle of the older tool', async () => {
    const operator = newOperator();
    plant(operator, 'claude-aaaaa');
    const { code, stderr } = await operator.run(['resume', 'claude']);
    expect([code, stderr]).toEqual([
      125,
      'bot-bottle: backend "docker" is not installed; expected the package @bot-bottle/backend-docker\n' +
        `  try: npm install --prefix ${operator.root} @bot-bottle/backend-docker\n`,
    ]);
  });

  it('says before it attaches what came back and what did not', async () => {
    const operator = newOperator();
    await operator.run(['start', 'demo', '--preserve']);
    const { code, stdout, stderr } = await operator.run(['resume', 'demo']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/bot-bottle: back: the workspace/);
    expect(stderr).toContain('bot-bottle: back: transcript .demo\n');
    expect(stdout).toContain('What came back:');
    expect(stdout).not.toContain('WRONG');
  });
});

describe('preserve, rm and prune', () => {
  it('marks a bottle and unmarks it', async () => {
    const operator = newOperator();
    const folder = plantLocal(operator, 'one-aaaaa');
    expect((await operator.run(['preserve', 'one'])).stdout).toBe('one-aaaaa\n');
    expect(existsSync(join(folder, '.preserve'))).toBe(true);
    const off = await operator.run(['preserve', 'one', '--off', '--json']);
    expect(JSON.parse(off.stdout)).toEqual({ identity: 'one-aaaaa', preserved: false });
    expect(existsSync(join(folder, '.preserve'))).toBe(false);
  });

  it('refuses to remove what runs, and with --force stops it first; in order, and preserved or not', async () => {
    const operator = newOperator();
    const script = 'trap "echo bye >said; exit" TERM; : >said; while :; do sleep 0.05; done';
    for (const options of [[], ['--preserve']]) {
      const kept = temporaryFolder();
      const start = ['shell', '--cwd', kept, ...options, '--', '-c', script];
      const { identity, folder } = await operator.start(...start);
      await until(() => existsSync(join(kept, 'said')));
      const { code, stderr } = await operator.run(['rm', identity]);
      expect([code, stderr]).toEqual([
        1,
        `bot-bottle: ${identity} runs; expected a bottle that ended, or --force to stop it first\n` +
          `  try: bot-bottle stop ${identity}\n  try: bot-bottle rm ${identity} --force\n`,
      ]);
      expect(existsSync(folder)).toBe(true);
      expect(await operator.run(['rm', '-f', identity])).toEqual({
        code: 0,
        stdout: `${identity}\n`,
        stderr: '',
      });
      expect(existsSync(folder)).toBe(false);
      expect(readFileSync(join(kept, 'said'), 'utf8')).toBe('bye\n');
    }
  });

  it('removes a preserved and a broken bottle only by force', async () => {
    const operator = newOperator();
    const kept = plantLocal(operator, 'kept-aaaaa');
    markPreserved(kept);
    const broken = plant(operator, 'broken-bbbbb', '[');
    for (const [id, folder] of [
      ['kept-aaaaa', kept],
      ['broken-bbbbb', broken],
    ] as const) {
      const { code, stderr } = await operator.run(['rm', id]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`  try: bot-bottle rm ${id} --force\n`)]);
      expect(existsSync(folder)).toBe(true);
      expect((await operator.run(['rm', id, '--force'])).stdout).toBe(`${id}\n`);
      expect(existsSync(folder)).toBe(false);
    }
  });

  it('tears down by force what the last launch of a bottle without a readable record left at its backend', async () => {
    const operator = newOperator();
    const said = join(operator.root, 'said');
    mkdirSync(operator.root, { mode: 0o700 });
    writeFileSync(
      join(operator.root, 'mine.cjs'),
      `const { appendFileSync } = require('node:fs');
       exports.createBackend = () => ({
         name: 'mine', contract: { major: 1, minor: 0 }, capabilities: {},
         status: async () => ({ state: 'exited', exit: null }),
         destroy: async ({ identity }) => (appendFileSync(${JSON.stringify(said)}, identity + '\\n'), { removed: true, left: [] }),
       });`,
    );
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), 'backends: { mine: ./mine.cjs }');
    for (const [id, record] of [
      ['broken-aaaaa', '['],
      ['array-bbbbb', '[]'],
      ['absent-ccccc', null],
    ] as const) {
      const folder = plant(operator, id, record);
      const launch = {
        ...{ version: 1, agent: worker('token'), args: [] },
        ...{ backend: { name: 'mine' }, workspace: { kind: 'empty' }, limits: {} },
      };
      writeFileSync(join(folder, 'launch.json'), JSON.stringify(launch));
      expect(await operator.run(['rm', '--force', id])).toMatchObject({ code: 0, stderr: '' });
      expect(existsSync(folder)).toBe(false);
    }
    expect(readFileSync(said, 'utf8')).toBe('broken-aaaaa\narray-bbbbb\nabsent-ccccc\n');
  });

  it('removes by force alone what an adapter that cannot be used may have left', async () => {
    const operator = newOperator();
    const missing = plant(operator, 'absent-aaaaa', { backend: 'docker' });
    const unfit = plant(operator, 'unfit-bbbbb', { backend: 'mine' });
    writeFileSync(
      join(operator.root, 'mine.cjs'),
      'exports.createBackend = () => ({ name: "mine", contract: { major: 9, minor: 0 } });',
    );
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), 'backends: { mine: ./mine.cjs }');
    for (const [id, folder, why] of [
      ['absent-aaaaa', missing, 'is not installed'],
      ['unfit-bbbbb', unfit, 'speaks contract 9.0, this bot-bottle 1.0'],
    ] as const) {
      const { code, stderr } = await operator.run(['rm', id]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
      expect(stderr).toContain(`  try: bot-bottle rm ${id} --force\n`);
      expect(await operator.run(['rm', '--force', id])).toMatchObject({ code: 0, stderr: '' });
      expect(existsSync(folder)).toBe(false);
    }
  });

  it('prunes what ended and nobody kept, and says the reason of each; a dry run changes nothing', async () => {
    const operator = newOperator();
    const ended = plantLocal(operator, 'ended-aaaaa');
    markPreserved(plantLocal(operator, 'kept-bbbbb'));
    plant(operator, 'broken-ccccc', '[');
    plant(operator, 'older-ddddd');
    plant(operator, 'cut-eeeee', null);
    mkdirSync(join(plant(operator, 'lost-fffff', null), 'agent', 'home'), { recursive: true });
    const record = join(operator.root, 'state', 'broken-ccccc', 'metadata.json');
    const expected = (action: string) =>
      [
        `kept broken-ccccc: its record cannot be read: ${record}: expected a value, the text ends at line 2, column 1`,
        `${action} cut-eeeee: its start was cut off`,
        `${action} ended-aaaaa: its session ended and nobody kept it`,
        'kept kept-bbbbb: it is preserved',
        'kept lost-fffff: it has been at work, and its record is gone',
        'kept older-ddddd: its backend "docker" is not installed, so nobody can tell whether it runs',
      ].join('\n');
    const dry = await operator.run(['prune', '--dry-run']);
    expect([dry.code, dry.stdout.trim()]).toEqual([0, expected('would-remove')]);
    expect(existsSync(ended)).toBe(true);
    const wet = await operator.run(['prune']);
    expect([wet.code, wet.stdout.replace(/ \([^)]*\)$/gm, '').trim()]).toEqual([0, expected('removed')]);
    const left = JSON.parse((await operator.run(['prune', '--json'])).stdout);
    expect(left).toContainEqual({
      identity: 'kept-bbbbb',
      action: 'kept',
      reason: 'preserved',
      because: 'it is preserved',
      bytes: null,
      left: [],
    });
    expect(left.map((entry: { identity: string }) => entry.identity)).toEqual([
      'broken-ccccc',
      'kept-bbbbb',
      'lost-fffff',
      'older-ddddd',
    ]);
  });
});

describe('show', () => {
  it('has a stable JSON shape', async () => {
    const operator = newOperator();
    plantLocal(operator, 'one-aaaaa', { labels: { a: 'b' }, args: ['-x'] });
    expect(JSON.parse((await operator.run(['show', 'one', '--json'])).stdout)).toEqual({
      identity: 'one-aaaaa',
      state: 'stopped',
      preserved: false,
      problem: null,
      agent: 'claude',
      backend: 'local',
      cwd: '',
      copyCwd: false,
      startedAt: '2026-01-02T03:04:05.678901+00:00',
      composeProject: expect.stringContaining('one-aaaaa'),
      labels: { a: 'b' },
      args: ['-x'],
      policy: expect.objectContaining({ generation: 0, inForce: null, entries: 0, routes: 0, problem: null }),
      atBackend: null,
      session: null,
      command: null,
      image: null,
      passEnv: null,
      limits: null,
      path: join(operator.root, 'state', 'one-aaaaa'),
      sizeBytes: expect.any(Number),
    });
  });

  it('shows a broken bottle, too', async () => {
    const operator = newOperator();
    plant(operator, 'broken-aaaaa', '{');
    const { code, stdout } = await operator.run(['show', 'broken']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/state +broken\n/);
    expect(stdout).toContain('broken-aaaaa/metadata.json');
  });
});

describe('stop and logs', () => {
  it('do not say of a bottle whose record cannot be read that it does not run', async () => {
    const operator = newOperator();
    for (const record of ['[', '[]']) {
      const folder = plant(operator, 'broken-aaaaa', record);
      const { code, stdout, stderr } = await operator.run(['stop', 'broken-aaaaa']);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(join(folder, 'metadata.json'));
      expect(stderr).toContain('  try: bot-bottle show broken-aaaaa\n');
    }
  });

  it('ends a session in order and keeps what its terminal showed', async () => {
    const operator = newOperator();
    const { identity } = await operator.start('shell', '--preserve', '--', '-c', 'echo shown; sleep 60');
    await until(async () => (await operator.run(['logs', identity])).stdout.includes('shown'));
    const { stdout } = await operator.run(['stop', identity, '--grace', '0', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      identity,
      stopped: true,
      exit: { code: 137 },
      kept: true,
      notes: [],
    });
    expect((await operator.run(['logs', identity])).stdout).toContain('shown');
    const again = await operator.run(['stop', identity]);
    expect(again).toEqual({ code: 0, stdout: '', stderr: `bot-bottle: ${identity} does not run\n` });
  });
});

describe('diff', () => {
  it('shows what a bottle changed in its copy, and leaves the original as it is', async () => {
    const operator = newOperator();
    const project = join(operator.home, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'old.txt'), 'before\n');
    const script = 'echo after > old.txt; echo more >> old.txt; echo new > new.txt; printf "\\0" > raw';
    await operator.run(['start', 'shell', '--copy-cwd', '--preserve', '--', '-c', script], { cwd: project });
    expect((await operator.run(['diff', 'shell', '--name-only'])).stdout).toBe('new.txt\nold.txt\nraw\n');
    expect((await operator.run(['diff', 'shell', '--stat'])).stdout).toBe(
      'A  new.txt | +1 -0\nM  old.txt | +2 -1\nA  raw\n',
    );
    const { stdout } = await operator.run(['diff', 'shell']);
    expect(stdout).toContain('-before\n+after\n+more\n');
    expect(JSON.parse((await operator.run(['diff', 'shell', '--json'])).stdout)).toMatchObject({
      source: project,
      changes: [
        { path: 'new.txt', kind: 'added', type: 'file' },
        { path: 'old.txt', kind: 'modified', type: 'file' },
        { path: 'raw', kind: 'added', type: 'file' },
      ],
    });
  });
});

describe('colour', () => {
  it('is for terminals; NO_COLOR and FORCE_COLOR decide first', async () => {
    const operator = newOperator();
    plantLocal(operator, 'one-aaaaa');
    expect((await operator.run(['show', 'one'])).stdout).not.toContain('\x1b');
    operator.env['FORCE_COLOR'] = '1';
    expect((await operator.run(['show', 'one'])).stdout).toContain('\x1b[');
    delete operator.env['FORCE_COLOR'];
    operator.env['NO_COLOR'] = '1';
    expect((await operator.run(['show', 'one'])).stdout).not.toContain('\x1b');
  });
});
