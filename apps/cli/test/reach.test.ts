import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLiveConfig, writeLiveConfig } from '@bot-bottle/live-config';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { Operator, type Outcome, until } from './support/cli.js';
import { heldBottle, openProxy, type ProxiedBottle, proxiedBottle } from './support/proxied.js';
import { plantLocal } from './support/records.js';

const ID = 'one-aaaaa';
const open: ProxiedBottle[] = [];

afterEach(async () => {
  for (const bottle of open.splice(0)) await bottle.close();
});

/** A bottle that does not run. */
function resting(): {
  operator: Operator;
  run: (...args: string[]) => Promise<Outcome>;
  allowlist: () => string;
} {
  const operator = new Operator();
  plantLocal(operator, ID);
  const paths = operator.bottle(ID);
  return {
    operator,
    run: (...args) => operator.run(args),
    allowlist: () => readFileSync(paths.allowlist, 'utf8'),
  };
}

/** One whose proxy runs. */
async function running() {
  const operator = new Operator();
  const bottle = await proxiedBottle(operator, ID);
  open.push(bottle);
  return { ...bottle, operator, run: (...args: string[]) => operator.run(args) };
}

describe('allow and deny', () => {
  it('return when the proxy has the change in force, and say how long that took', async () => {
    const { run, egress } = await running();
    const allowed = await run('allow', ID, 'Example.com', '127.0.0.1:8080 private ip');
    expect(egress.applied().generation).toBe(1);
    expect(allowed).toEqual({ code: 0, stderr: '', stdout: expect.any(String) });
    const [first, second] = allowed.stdout.split('\n');
    expect(first).toMatch(/^example\.com allowed, in force after \d+ ms \(generation 1\)$/);
    expect(second).toMatch(/^127\.0\.0\.1:8080 ip private allowed, in force after \d+ ms \(generation 1\)$/);
    const denied = await run('deny', ID, 'example.com');
    expect(denied.stdout).toMatch(/^example\.com denied, in force after \d+ ms \(generation 2\)\n$/);
    expect(egress.applied()).toMatchObject({ generation: 2, refused: null });
  });

  it('write for the next start where the bottle does not run', async () => {
    const { run, allowlist } = resting();
    const { code, stdout } = await run('allow', ID, 'example.com');
    expect([code, stdout]).toEqual([
      0,
      `example.com allowed, in force when ${ID} next starts (generation 1)\n`,
    ]);
    expect(allowlist()).toBe('example.com\n');
  });

  it('keep comments and order, and write nothing that is there already', async () => {
    const { run, operator, allowlist } = resting();
    await writeLiveConfig(operator.bottle(ID), { allowlist: '# mine\nb.example # why\na.example\n' });
    await run('allow', ID, 'c.example', 'a.example');
    expect(allowlist()).toBe('# mine\nb.example # why\na.example\nc.example\n');
    const again = await run('allow', ID, 'a.example');
    expect(again.stdout).toMatch(/^a\.example was allowed already, in force .* \(generation 2\)\n$/);
    expect((await run('deny', ID, 'a.example')).code).toBe(0);
    expect(allowlist()).toBe('# mine\nb.example # why\nc.example\n');
  });

  it('lose nothing of each other when they come at once', async () => {
    const { run, operator } = resting();
    const hosts = Array.from({ length: 6 }, (_, index) => `host-${index}.example`);
    // Written over whatever is there by then, four of the six are lost.
    const outcomes = await Promise.all(hosts.map(host => run('allow', ID, host)));
    expect(outcomes.map(({ code, stderr }) => [code, stderr])).toEqual(hosts.map(() => [0, '']));
    const { allowlist, generation } = readLiveConfig(operator.bottle(ID));
    expect(allowlist?.map(({ host }) => host).sort()).toEqual(hosts);
    expect(generation).toBe(hosts.length);
  });

  it('fail where another line still allows it, and name that line and the command against it', async () => {
    const { run, allowlist } = resting();
    await run('allow', ID, '*.example.com', 'a.example.com');
    const { code, stdout, stderr } = await run('deny', ID, 'a.example.com', 'b.example.com', 'x.example');
    expect(code).toBe(1);
    expect(stdout.split('\n').map(line => line.replace(/, in force.*/, ''))).toEqual([
      'a.example.com is still allowed',
      'b.example.com is still allowed',
      'x.example was not allowed',
      '',
    ]);
    expect(stderr.split('\n').slice(0, 2)).toEqual([
      'bot-bottle: line 1 still allows a.example.com: *.example.com',
      `  try: bot-bottle deny ${ID} '*.example.com'`,
    ]);
    expect(allowlist()).toBe('*.example.com\n');
    expect((await run('deny', ID, '*.example.com')).code).toBe(0);
    expect(allowlist()).toMatch(/^# Nobody/);
  });

  it.each([
    ['allow', 'private', '"private" is a flag of a host; expected them in one word: "HOST[:PORT] private"'],
    ['deny', 'sni', '"sni" is a flag of a host; expected them in one word: "HOST[:PORT] sni"'],
    ['allow', 'http://a.example/x', '"http://a.example/x" is a URL: write its host alone'],
    [
      'allow',
      'host.bot-bottle.internal:8080',
      'host.bot-bottle.internal is this machine, which must be said explicitly: write "host.bot-bottle.internal:8080 private"',
    ],
  ])('%s says what is wrong with %s', async (command, host, message) => {
    const { run } = resting();
    expect(await run(command, ID, 'b.example', host)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `bot-bottle: ${message}\n  try: bot-bottle ${command} --help\n`,
    });
  });

  it('do nothing at all where one host is not usable', async () => {
    const { run, operator } = resting();
    const { code, stderr } = await run('allow', ID, 'good.example', '10.0.0.1');
    expect([code, stderr]).toEqual([
      2,
      'bot-bottle: "10.0.0.1" is not usable: an IP address must be said explicitly: write "10.0.0.1 ip"\n  try: bot-bottle allow --help\n',
    ]);
    expect((await run('allow', ID, 'a.example\nb.example')).code).toBe(2);
    expect((await run('deny', ID, 'https://a.example')).code).toBe(2);
    expect(readLiveConfig(operator.bottle(ID)).generation).toBe(0);
  });

  it('say with line and column what is wrong with a file that was edited by hand, and leave it', async () => {
    const { run, operator, allowlist } = resting();
    await run('allow', ID, 'a.example');
    appendFileSync(operator.bottle(ID).allowlist, 'b.example privat\n');
    const { code, stderr } = await run('allow', ID, 'c.example');
    expect(code).toBe(1);
    expect(stderr).toContain(`${operator.bottle(ID).allowlist}:2:11: unknown flag "privat"`);
    expect(allowlist()).toBe('a.example\nb.example privat\n');
  });

  it('print JSON of a stable shape', async () => {
    const { run } = await running();
    const allowed = await run('allow', ID, 'a.example.org', '*.example.org', '--json');
    expect(JSON.parse(allowed.stdout)).toEqual({
      identity: ID,
      allowed: ['a.example.org', '*.example.org'],
      already: [],
      generation: 1,
      inForce: true,
      ms: expect.any(Number),
    });
    const denied = await run('deny', ID, 'a.example.org', 'b.example.net', '--json');
    expect([denied.code, JSON.parse(denied.stdout)]).toEqual([
      1,
      {
        identity: ID,
        denied: [],
        absent: ['b.example.net'],
        stillAllowed: [{ host: 'a.example.org', line: '*.example.org', number: 1 }],
        generation: 2,
        inForce: true,
        ms: expect.any(Number),
      },
    ]);
  });
});

describe('allow on a bottle', () => {
  const written = (paths: BottlePaths) => () => readLiveConfig(paths).generation === 1;

  it('that only starts waits for its proxy', async () => {
    const operator = new Operator();
    const { paths, lease } = await heldBottle(operator, ID);
    const allowing = operator.run(['allow', ID, 'a.example']);
    await until(written(paths));
    const egress = await openProxy(paths);
    open.push({ paths, egress, close: () => egress.close().then(() => lease.release()) });
    expect((await allowing).stdout).toMatch(/^a\.example allowed, in force after \d+ ms \(generation 1\)\n$/);
  });

  it('whose keeper ends meanwhile does not wait for ever', async () => {
    const operator = new Operator();
    const { paths, lease } = await heldBottle(operator, ID);
    const allowing = operator.run(['allow', ID, 'a.example']);
    await until(written(paths));
    await lease.release();
    expect((await allowing).stdout).toBe(
      `a.example allowed, in force when ${ID} next starts (generation 1)\n`,
    );
  });

  it('that runs without a proxy fails: nobody could take it', async () => {
    const operator = new Operator();
    const { paths, lease } = await heldBottle(operator, ID);
    const startedAt = '2026-03-01T12:00:00.000Z';
    const session = {
      phase: 'running',
      pid: process.pid,
      startedAt,
      endedAt: null,
      exit: null,
      problems: [],
    };
    writeFileSync(paths.session, JSON.stringify(session));
    const { code, stderr } = await operator.run(['allow', ID, 'a.example', '--json']);
    expect([code, JSON.parse(stderr).error.code]).toEqual([1, 'not-acknowledged']);
    await lease.release();
  });

  it('whose proxy refuses the policy fails with what it says, and with what stays in force', async () => {
    const operator = new Operator();
    const { paths, lease } = await heldBottle(operator, ID);
    mkdirSync(paths.sidecar('egress'));
    const refused = { message: '/x/allowlist:1:2: unknown flag "new"' };
    const applied = { version: 1, pid: process.pid, generation: 0, revision: '', at: '', refused };
    writeFileSync(join(paths.sidecar('egress'), 'applied.json'), JSON.stringify(applied));
    expect(await operator.run(['allow', ID, 'a.example'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        `bot-bottle: the proxy of ${ID} refuses the policy; generation 0 stays in force\n` +
        `  ${refused.message}\n  try: bot-bottle policy ${ID}\n`,
    });
    await lease.release();
  });
});

describe('policy', () => {
  it('shows what is in force, and that it is', async () => {
    const { run } = await running();
    await run('allow', ID, 'a.example');
    const { code, stdout, stderr } = await run('policy', ID);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^policy +generation 1, in force\nallowlist +\/.*\/allowlist\n {2}a\.example\nroutes +none\n$/,
    );
    expect(JSON.parse((await run('policy', ID, '--json')).stdout)).toEqual({
      identity: ID,
      generation: 1,
      edited: false,
      inForce: true,
      applied: { generation: 1, at: expect.any(String) },
      refused: null,
      problem: null,
      allowlist: 'a.example\n',
      routes: null,
    });
  });

  it('shows what the proxy refuses and what stays in force, and takes a file in its place', async () => {
    const { run, operator, egress, paths } = await running();
    await run('allow', ID, 'a.example');
    writeFileSync(paths.allowlist, 'b.example privat\n');
    const refused = `${paths.allowlist}:1:11: unknown flag "privat" (did you mean "private"?)`;
    while (egress.applied().refused === null) await new Promise(resolve => setTimeout(resolve, 10));
    const { stdout } = await run('policy', ID);
    expect(stdout).toContain(`refused       ${refused}`);
    expect(stdout.split(refused)).toHaveLength(2);
    expect(stdout).toContain('not in force; generation 1 is');
    expect((await run('show', ID)).stdout).toContain(refused);
    const file = join(operator.home, 'allowlist');
    writeFileSync(file, '# whole\nc.example\n');
    const replaced = await run('policy', ID, '--allowlist', file);
    expect(replaced.stdout).toMatch(/^allowlist replaced, in force after \d+ ms \(generation 2\)\n$/);
    expect(readFileSync(paths.allowlist, 'utf8')).toBe('# whole\nc.example\n');
    expect(egress.applied()).toMatchObject({ generation: 2, refused: null });
  });

  it('replaces routes, and neither file where one of them is wrong', async () => {
    const { run, operator } = resting();
    const [allowlist, routes] = [join(operator.home, 'list'), join(operator.home, 'routes.yaml')];
    writeFileSync(allowlist, '');
    writeFileSync(routes, 'routes:\n  - host: a.example\n    method: GET\n');
    const wrong = await run('policy', ID, '--allowlist', allowlist, '--routes', routes);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain(`${routes}:3:5: unknown key "method"`);
    expect(readLiveConfig(operator.bottle(ID)).generation).toBe(0);
    writeFileSync(routes, '');
    const { stdout } = await run('policy', ID, '--allowlist', allowlist, '--routes', routes, '--json');
    expect(JSON.parse(stdout)).toEqual({
      identity: ID,
      replaced: ['allowlist', 'routes'],
      generation: 1,
      inForce: false,
      ms: null,
    });
    // Empty files say nobody and no routes; to writeLiveConfig an empty text would say to leave them alone.
    expect(readLiveConfig(operator.bottle(ID))).toMatchObject({ allowlist: [], routes: [] });
    expect((await run('policy', ID, '--routes', join(operator.home, 'absent'))).stderr).toMatch(
      /absent cannot be read: it is not there; expected a file of yours\n {2}try: ls -ld /,
    );
  });
});

it('show says in short what a bottle may reach', async () => {
  const { run } = resting();
  await run('allow', ID, 'a.example', 'b.example');
  expect((await run('show', ID)).stdout).toMatch(
    /\nmay reach +2 hosts, 0 routes \(generation 1, the bottle does not run\)\n/,
  );
  expect(JSON.parse((await run('show', ID, '--json')).stdout).policy).toEqual({
    summary: 'generation 1, the bottle does not run',
    generation: 1,
    entries: 2,
    routes: 0,
    inForce: null,
    problem: null,
  });
});

describe('start', () => {
  it.each([
    [['--allow', 'a.example privat'], '"a.example privat" is not usable: unknown flag "privat"'],
    [['--allow', '*'], '"*" is not usable: * takes in many unrelated owners'],
    [['--routes', '/nowhere/routes.yaml'], '/nowhere/routes.yaml cannot be read'],
  ])('makes nothing for %j', async (args, message) => {
    const operator = new Operator();
    const { code, stderr } = await operator.run(['start', 'shell', ...args]);
    expect([code, operator.bottles()]).toEqual([125, []]);
    expect(stderr).toContain(message);
  });
});
