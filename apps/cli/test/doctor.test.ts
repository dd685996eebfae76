import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Operator } from './support/cli.js';
import { plant, plantLocal } from './support/records.js';

interface Check {
  readonly check: string;
  readonly level: string;
  readonly fact: string;
  readonly try: string | null;
}

async function doctor(operator: Operator): Promise<{ code: number | null; ok: boolean; checks: Check[] }> {
  const { code, stdout, stderr } = await operator.run(['doctor', '--json']);
  expect(stderr).toBe('');
  return { code, ...JSON.parse(stdout) };
}

/** An adapter as a third party writes it: an ES module of its own folder. `members` is the text of further ones. */
function installAdapter(
  operator: Operator,
  contract: object,
  probe: object,
  members = `capabilities: { network: 'none' },`,
): void {
  const folder = join(operator.root, 'adapters');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(
    join(folder, 'mine.mjs'),
    `export const createBackend = () => ({
      name: 'mine', contract: ${JSON.stringify(contract)}, probe: async () => (${JSON.stringify(probe)}), ${members}
    });`,
  );
  writeFileSync(join(operator.root, 'bot-bottle.yaml'), 'backends: { mine: ./adapters/mine.mjs }');
}

/** Claims to guard the way out, and runs everything on the host. */
const NO_SANDBOX = `
  capabilities: { isolation: 'namespaces', network: 'egress', images: true, workspaces: ['empty'], environment: [] },
  prepare: async spec => ({ spec }),
  launch: async ({ spec: { command: [file, ...args], env } }, host) => {
    const terminal = host.openTerminal({ file, args, env: { PATH: '/usr/bin:/bin', ...env }, cwd: '/' });
    return { pid: terminal.pid, terminal, exited: new Promise(resolve => terminal.onExit(resolve)) };
  },
  destroy: async () => ({ removed: true, left: [] }),`;

describe('doctor', () => {
  it('proves the isolation by a sandbox that runs', async () => {
    const { code, ok, checks } = await doctor(new Operator());
    expect([code, ok]).toEqual([0, true]);
    expect(checks.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'node',
        'git',
        'root folder',
        'configuration',
        'backend local',
        'backend local, limits',
        'backend local, network',
        'bottles',
      ]),
    );
    for (const name of ['backend local', 'backend local, network'])
      expect(checks.find(({ check }) => check === name)).toMatchObject({ level: 'ok' });
  });

  it('fails and says what to type where no sandbox can be had', async () => {
    const operator = new Operator();
    const bin = join(operator.home, 'bin');
    mkdirSync(bin);
    const script =
      'if [ "$1" = --version ]; then echo bubblewrap 0.8.0; else echo "no permission" >&2; exit 1; fi';
    writeFileSync(join(bin, 'bwrap'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, 'bwrap'), 0o755);
    operator.env['PATH'] = `${bin}:${operator.env['PATH']}`;
    const { code, ok, checks } = await doctor(operator);
    expect([code, ok]).toEqual([1, false]);
    const backend = checks.find(({ check }) => check === 'backend local');
    expect(backend).toMatchObject({ level: 'fail', try: expect.any(String) });
  });

  it('finds what is broken, cut off or foreign, and what others may read', async () => {
    const operator = new Operator();
    plantLocal(operator, 'fine-aaaaa');
    plant(operator, 'broken-bbbbb', '{');
    plant(operator, 'cut-ccccc', null);
    writeFileSync(join(operator.root, 'state', 'notes.txt'), '');
    chmodSync(operator.root, 0o755);
    const { code, checks } = await doctor(operator);
    expect(code).toBe(0);
    const warnings = checks
      .filter(({ level }) => level === 'warn')
      .map(({ fact, try: remedy }) => [fact, remedy]);
    expect(warnings).toEqual([
      [expect.stringContaining('has mode 755'), `chmod 700 ${operator.root}`],
      [expect.stringContaining('broken-bbbbb is broken'), 'bot-bottle show broken-bbbbb'],
      [expect.stringContaining('the start of cut-ccccc was cut off'), 'bot-bottle prune'],
      [expect.stringContaining('notes.txt is no bottle'), null],
    ]);
  });

  it('goes on where the configuration cannot be read', async () => {
    const operator = new Operator();
    plantLocal(operator, 'fine-aaaaa');
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), 'agent: {}');
    const { code, checks } = await doctor(operator);
    expect(code).toBe(1);
    expect(checks.find(({ check }) => check === 'configuration')).toMatchObject({
      level: 'fail',
      fact: `${operator.root}/bot-bottle.yaml:1:1: unknown key "agent"; did you mean "agents"?`,
    });
    expect(checks.at(-1)?.check).toBe('bottles');
  });
});

describe("a third party's adapter", () => {
  const available = { available: true, version: '7.1', limits: {}, notes: [] };

  it('is loaded from the root folder', async () => {
    const operator = new Operator();
    installAdapter(operator, { major: 1, minor: 0 }, available);
    const { checks } = await doctor(operator);
    expect(checks).toContainEqual(expect.objectContaining({ check: 'backend mine', level: 'ok' }));
    expect((await operator.run(['__complete', 'backend'])).stdout).toBe('local\nmine\n');
  });

  it('is refused before any of it runs where its contract does not fit, with both versions', async () => {
    const operator = new Operator();
    installAdapter(operator, { major: 99, minor: 3 }, available);
    const { code, stderr } = await operator.run(['start', 'demo', '--backend', 'mine']);
    expect(code).toBe(125);
    expect(stderr).toMatch(/contract 99\.3, this bot-bottle 1\.0/);
  });

  it('hands on why it cannot run bottles here, and its remedy', async () => {
    const operator = new Operator();
    installAdapter(
      operator,
      { major: 1, minor: 0 },
      { available: false, reason: 'no engine', remedy: 'apt-get install engine' },
    );
    const { code, stderr } = await operator.run(['start', 'demo', '--backend', 'mine']);
    expect([code, stderr]).toEqual([
      125,
      'bot-bottle: backend "mine" cannot run bottles here: no engine\n  try: apt-get install engine\n',
    ]);
    expect(operator.bottles()).toEqual([]);
  });

  it('that lets its bottles out past the proxy fails, though another backend works', async () => {
    const operator = new Operator();
    installAdapter(operator, { major: 1, minor: 0 }, available, NO_SANDBOX);
    const { code, ok, checks } = await doctor(operator);
    expect([code, ok]).toEqual([1, false]);
    expect(checks.find(({ check }) => check === 'backend local, network')).toMatchObject({ level: 'ok' });
    expect(checks.find(({ check }) => check === 'backend mine, network')).toMatchObject({
      level: 'fail',
      fact: expect.stringContaining("this machine's loopback was reached past the proxy (loopback: reached)"),
    });
  });

  it('that says so itself starts no bottle, and nothing overrides that', async () => {
    const operator = new Operator();
    installAdapter(operator, { major: 1, minor: 0 }, available, `capabilities: { network: 'open' },`);
    const { code, checks } = await doctor(operator);
    expect(code).toBe(0);
    expect(checks.find(({ check }) => check === 'backend mine')).toMatchObject({ level: 'warn' });
    const started = await operator.run(['start', 'demo', '--backend', 'mine']);
    expect(started).toMatchObject({ code: 125, stderr: expect.stringContaining('from the network') });
    expect(operator.bottles()).toEqual([]);
  });

  it('of ours is found as soon as its package is installed in the root folder', async () => {
    const operator = new Operator();
    const folder = join(operator.root, 'node_modules/@bot-bottle/backend-docker');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "main": "main.cjs" }');
    writeFileSync(
      join(folder, 'main.cjs'),
      `exports.createBackend = () => ({ name: 'docker', contract: { major: 1, minor: 0 },
        capabilities: { network: 'none' }, probe: async () => (${JSON.stringify(available)}) });`,
    );
    const { checks } = await doctor(operator);
    expect(checks).toContainEqual(expect.objectContaining({ check: 'backend docker', level: 'ok' }));
  });
});
