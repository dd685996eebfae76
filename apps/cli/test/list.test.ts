import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE, Operator } from './support/cli.js';
import { markPreserved, plant, plantLocal } from './support/records.js';

const LIST_KEYS = [
  'identity',
  'state',
  'preserved',
  'agent',
  'backend',
  'cwd',
  'copyCwd',
  'startedAt',
  'labels',
  'path',
  'problem',
  'atBackend',
];

async function list(operator: Operator, ...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await operator.run(['list', '--json', ...args]);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

describe('list', () => {
  it('lists nothing where nothing is, and makes nothing', async () => {
    const operator = new Operator();
    expect(await operator.run(['list'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await list(operator)).toEqual([]);
    expect(existsSync(operator.root)).toBe(false);
  });

  it("reads the older tool's records as they are: no backend means docker", async () => {
    const operator = new Operator();
    const path = plant(operator, 'claude-aaaaa', { cwd: '/srv/work', copy_cwd: true });
    const [row] = await list(operator);
    expect(Object.keys(row ?? {})).toEqual(LIST_KEYS);
    expect(row).toEqual({
      identity: 'claude-aaaaa',
      state: 'stopped',
      preserved: false,
      agent: 'claude',
      backend: 'docker',
      cwd: '/srv/work',
      copyCwd: true,
      startedAt: '2026-01-02T03:04:05.678901+00:00',
      labels: {},
      path,
      problem: null,
      atBackend: null,
    });
  });

  it('shows a record that cannot be read as broken with its path, and every other bottle besides', async () => {
    const operator = new Operator();
    plantLocal(operator, 'good-aaaaa');
    const broken = plant(operator, 'broken-bbbbb', '{ "identity": ');
    plant(operator, 'empty-ccccc', null);
    const rows = await list(operator);
    expect(rows.map(row => [row['identity'], row['state']]).sort()).toEqual([
      ['broken-bbbbb', 'broken'],
      ['empty-ccccc', 'unfinished'],
      ['good-aaaaa', 'stopped'],
    ]);
    const row = rows.find(({ state }) => state === 'broken');
    expect(row).toMatchObject({
      path: broken,
      agent: '',
      problem: expect.stringContaining(`${broken}/metadata.json`),
    });
  });

  it('takes no link, no file and no other name in the state folder for a bottle', async () => {
    const operator = new Operator();
    mkdirSync(join(operator.root, 'state', 'Not An Identity'), { recursive: true });
    symlinkSync('/', join(operator.root, 'state', 'link-aaaaa'));
    writeFileSync(join(operator.root, 'state', 'file-aaaaa'), '');
    expect(await list(operator)).toEqual([]);
  });

  it('filters by agent, backend, state and label, all of them together', async () => {
    const operator = new Operator();
    plantLocal(operator, 'one-aaaaa', { agent_name: 'one', labels: { task: '1', who: 'me' } });
    markPreserved(plantLocal(operator, 'two-bbbbb', { agent_name: 'two', labels: { task: '1' } }));
    plant(operator, 'three-ccccc', { agent_name: 'one' });
    const found = async (...args: string[]) =>
      (await list(operator, ...args)).map(row => row['identity']).sort();
    expect(await found('--agent', 'one')).toEqual(['one-aaaaa', 'three-ccccc']);
    expect(await found('--backend', 'docker')).toEqual(['three-ccccc']);
    expect(await found('--state', 'preserved')).toEqual(['two-bbbbb']);
    expect(await found('--label', 'task=1')).toEqual(['one-aaaaa', 'two-bbbbb']);
    expect(await found('--label', 'task=1', '--label', 'who=me')).toEqual(['one-aaaaa']);
    expect(await found('-l', 'task=2')).toEqual([]);
    expect((await operator.run(['list', '-q', '--state', 'preserved'])).stdout).toBe('two-bbbbb\n');
  });

  it('prints a tab-separated line for each bottle in a pipe, and its size when asked', async () => {
    const operator = new Operator();
    plantLocal(operator, 'one-aaaaa', { cwd: '/srv/a b' });
    const plain = (await operator.run(['list'])).stdout;
    expect(plain).toMatch(/^one-aaaaa\tclaude\tstopped\t\d+d\tlocal\t\/srv\/a b\n$/);
    const sized = (await operator.run(['list', '--size'])).stdout;
    expect(sized).toMatch(/^one-aaaaa\tclaude\tstopped\t\d+d\t[\d.]+ KiB\tlocal\t\/srv\/a b\n$/);
    expect((await list(operator, '--size'))[0]?.['sizeBytes']).toBeGreaterThan(0);
  });

  it('lets nothing that an agent wrote act on the terminal', async () => {
    const operator = new Operator();
    const evil = '\x1b]0;owned\x07\x9b2J\u202e\n';
    plantLocal(operator, 'evil-aaaaa', { agent_name: evil, cwd: evil, labels: { [evil]: evil } });
    for (const args of [['list'], ['list', '--json'], ['show', 'evil'], ['show', 'evil', '--json']]) {
      const { stdout, code } = await operator.run(args);
      expect(code).toBe(0);
      expect(stdout).toContain('owned');
      expect(stdout.replaceAll('\n', '').replaceAll('\t', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    }
    const [row] = await list(operator);
    expect(row?.['agent']).toBe(evil);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const operator = new Operator();
    for (let i = 0; i < 400; i += 1)
      plantLocal(operator, `many-${String(i).padStart(5, 'a')}`, { cwd: '/x'.repeat(400) });
    const pipe = `"$0" "$1" list --json | head -c 1; exit "\${PIPESTATUS[0]}"`;
    const args = ['-c', pipe, process.execPath, BUNDLE];
    const { status, stdout, stderr } = spawnSync('bash', args, { env: operator.env, encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '[', stderr: '' });
  });
});

describe('naming a bottle', () => {
  const operator = new Operator();
  beforeAll(() => {
    plantLocal(operator, 'claude-aaaaa');
    plantLocal(operator, 'claude-abbbb');
    plantLocal(operator, 'codex-ccccc');
  });

  it('takes a start that no other bottle has', async () => {
    expect((await operator.run(['show', 'co'])).stdout).toContain('codex-ccccc');
    expect((await operator.run(['show', 'claude-aa'])).stdout).toContain('claude-aaaaa');
  });

  it('takes a whole identity also where it is the start of another', async () => {
    plantLocal(operator, 'claude-aaaaa-zzzzz');
    expect((await operator.run(['show', 'claude-aaaaa'])).stdout).toMatch(/identity +claude-aaaaa\n/);
  });

  it('lists the candidates of an ambiguous start', async () => {
    const { code, stderr } = await operator.run(['show', 'claude-a']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'bot-bottle: "claude-a" is the start of 3 bottles; expected one of\n  claude-aaaaa\n  claude-aaaaa-zzzzz\n  claude-abbbb\n  try: bot-bottle list\n',
    );
  });

  it('names the nearest for one that is not there', async () => {
    const { code, stderr } = await operator.run(['show', 'codex-cccc1']);
    expect([code, stderr]).toEqual([
      1,
      'bot-bottle: no bottle "codex-cccc1"; did you mean "codex-ccccc"?\n  try: bot-bottle list\n',
    ]);
  });

  it.each(['', '..', '../state/claude-aaaaa', '/etc', 'claude-aaaaa/', '.', '*'])(
    'refuses %j, of which no path is made',
    async text => {
      const { code, stderr } = await operator.run(['rm', '--force', '--', text]);
      expect([code, stderr]).toEqual([1, expect.stringContaining('no bottle')]);
    },
  );
});
