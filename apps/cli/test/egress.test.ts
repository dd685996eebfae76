import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { AuditRecord } from '@bot-bottle/egress';
import { writeLiveConfig } from '@bot-bottle/live-config';
import { auditLog, type BottlePaths } from '@bot-bottle/state-paths';
import { Operator, type Outcome } from './support/cli.js';
import { proxiedBottle } from './support/proxied.js';
import { plantLocal } from './support/records.js';
import { PersonAtTerminal } from './support/terminal.js';

const ID = 'one-aaaaa';
const TIME = '2026-03-01T12:00:00.000Z';

function record(some: Partial<AuditRecord>): AuditRecord {
  return {
    time: TIME,
    bottle: ID,
    event: 'denied',
    id: '1',
    method: 'CONNECT',
    host: 'a.example',
    port: 443,
    rule: 'host-not-allowed',
    generation: 1,
    ...some,
  };
}

const OPENED = record({ event: 'opened', host: 'good.example', rule: 'allowlist', entry: 'good.example' });
const CLOSED: AuditRecord = { ...OPENED, event: 'closed', sent: 10, received: 2000, duration: 7 };
const RECORDS = [
  record({ id: '1' }),
  record({ id: '2', host: 'b.example', port: 8443 }),
  OPENED,
  CLOSED,
  record({ id: '4', host: '10.0.0.1', port: 80, method: 'GET', path: '/x' }),
];
/** As every launch puts it there: `way-out.test.ts` has a real one. */
const PROOF = record({ id: '0', method: 'GET', host: 'proof.invalid', port: 80, rule: 'host-mismatch' });

/** An operator with one bottle and its log. */
function recorded(records: readonly object[] = RECORDS): {
  operator: Operator;
  paths: BottlePaths;
  log: string;
  run: (...args: string[]) => Promise<Outcome>;
} {
  const operator = new Operator();
  plantLocal(operator, ID);
  const paths = operator.bottle(ID);
  const log = auditLog(operator.root, paths.identity, 'egress');
  mkdirSync(dirname(log));
  writeFileSync(log, records.map(each => `${JSON.stringify(each)}\n`).join(''));
  return { operator, paths, log, run: (...args) => operator.run(args) };
}

describe('allow and deny', () => {
  it.each(['allow', 'deny'])('%s names what to type where a file was broken by hand', async command => {
    const operator = new Operator();
    plantLocal(operator, ID);
    const { allowlist, routes, generation, liveConfig } = operator.bottle(ID);
    mkdirSync(liveConfig);
    for (const [file, text, fact, remedy] of [
      [allowlist, 'a.example what\n', `${allowlist}:1:11: unknown flag`, `"\${EDITOR:-vi}" ${allowlist}`],
      [routes, 'routes: 1\n', `${routes}:1:`, `"\${EDITOR:-vi}" ${routes}`],
      [generation, '{', `${generation} does not hold`, `rm ${generation}`],
    ] as const) {
      writeFileSync(file, text);
      const { code, stdout, stderr } = await operator.run([command, ID, 'b.example']);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(fact);
      expect(stderr).toMatch(/\n {2}try: [^\n]*\n$/);
      expect(stderr).toContain(`  try: ${remedy}\n`);
      rmSync(file);
    }
  });
});

describe('egress', () => {
  it('prints what was recorded, one line each in a pipe, and only what was denied on request', async () => {
    const { run } = recorded();
    const { code, stdout, stderr } = await run('egress', ID);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[3]?.split('\t')).toEqual([
      TIME,
      'closed',
      'CONNECT',
      'good.example:443',
      'allowlist',
      'good.example',
      '',
      '',
      '10',
      '2000',
      '7',
      '',
    ]);
    expect((await run('egress', ID, '--denied')).stdout.match(/denied/g)).toHaveLength(3);
  });

  it('says why something could not be had: at the end of a line in a pipe, on a terminal below it', async () => {
    const problem = 'the command of the credential failed (exit 1)';
    const { run, operator } = recorded([OPENED, { ...CLOSED, cut: 'proxy', status: 502, problem }]);
    const { stdout } = await run('egress', ID);
    expect(stdout.trimEnd().split('\n').at(-1)?.split('\t').at(-1)).toBe(problem);
    const person = new PersonAtTerminal(operator, ['egress', ID]);
    expect(await person.exited()).toBe(0);
    expect(person.shown).toContain(`\n  ${problem}\r\n`);
  });

  it('prints the records themselves with --json', async () => {
    const { run } = recorded();
    expect(JSON.parse((await run('egress', ID, '--json')).stdout)).toEqual(RECORDS);
    const lines = (await run('egress', ID, '--json', '--follow')).stdout.trimEnd().split('\n');
    expect(lines.map(line => JSON.parse(line))).toEqual(RECORDS);
  });

  it('leaves out the proof of each launch, but not what only resembles it, unless all is asked for', async () => {
    const resembling = [
      { ...PROOF, path: '/secret' },
      { ...PROOF, host: 'sub.proof.invalid' },
      { ...PROOF, rule: 'malformed' },
    ];
    const { run, log, operator } = recorded([PROOF, ...RECORDS, PROOF, ...resembling]);
    const shown = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await run('egress', ID, '--json', ...args)).stdout);
    expect(await shown()).toEqual([...RECORDS, ...resembling]);
    expect(await shown('--all')).toEqual([PROOF, ...RECORDS, PROOF, ...resembling]);
    writeFileSync(log, `${JSON.stringify(PROOF)}\n`.repeat(2));
    expect(await run('egress', ID, '--denied')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'bot-bottle: there is nothing of that kind on record\n',
    });
    expect((await run('egress', ID, '--denied', '--all')).stdout.split('\n')).toHaveLength(3);
    expect(await shown('--suggest')).toEqual([]);
    const candidate = join(operator.home, 'candidate');
    writeFileSync(candidate, '* wide ip');
    expect(await shown('--replay', candidate)).toEqual([]);
    expect(await shown('--replay', candidate, '--all')).toMatchObject([
      { times: 2, now: { allowed: false } },
    ]);
  });

  it('is a table with a heading on a terminal, on which nothing that a bottle asked for can act', async () => {
    const { operator } = recorded([record({ host: 'a\x1b]0;owned\x07b', path: '/\u202e\n' })]);
    const person = new PersonAtTerminal(operator, ['egress', ID], { columns: 200, rows: 24 });
    expect(await person.exited()).toBe(0);
    expect(person.shown).toContain('TARGET');
    expect(person.shown).toContain('a\\u001b]0;owned\\u0007b:443/\\u202e\\n');
    expect(person.shown).not.toContain('\x1b]0;owned');
  });

  it.each([60, 80, 100, 120, 170])('folds no usual line of a terminal that is %d wide', async columns => {
    const { operator } = recorded([CLOSED]);
    operator.env['NO_COLOR'] = '1';
    const person = new PersonAtTerminal(operator, ['egress', ID], { columns, rows: 24 });
    expect(await person.exited()).toBe(0);
    const [heading = '', row = ''] = person.shown.split('\r\n');
    expect(heading).toMatch(/^UTC +EVENT +METHOD +TARGET +RULE/);
    expect(row).toMatch(/^03-01 12:00:00 +closed +CONNECT +good\.example:443 +allowlist/);
    if (columns >= 80) expect(Math.max(heading.length, row.length)).toBeLessThanOrEqual(columns);
    expect(heading.includes('SENT')).toBe(columns >= 170);
  });

  it('finds the log of a bottle that is gone, by the start of its name too', async () => {
    const { run, paths } = recorded();
    rmSync(paths.folder, { recursive: true });
    const whole = await run('egress', ID);
    expect(whole.stdout.split('\n')).toHaveLength(6);
    expect(await run('egress', 'one')).toEqual(whole);
    expect((await run('__complete', 'recorded')).stdout).toBe(`${ID}\n`);
    expect((await run('egress', 'two')).stderr).toMatch(/^bot-bottle: no bottle "two"/);
  });

  it('says so where nothing was ever asked for', async () => {
    const { run, log } = recorded();
    rmSync(log);
    expect(await run('egress', ID, '--json')).toEqual({
      code: 0,
      stdout: '[]\n',
      stderr: `bot-bottle: ${ID} has no egress log yet\n`,
    });
  });

  it('leaves out a line that cannot be read, and says which', async () => {
    const { run, log } = recorded();
    appendFileSync(log, 'nonsense\n{"time":');
    const { code, stdout, stderr } = await run('egress', ID);
    expect([code, stdout.split('\n').length]).toEqual([0, 6]);
    expect(stderr).toBe(`bot-bottle: left out of ${log}: 2 lines; line 6 is no JSON\n`);
  });

  it('takes one of --follow, --suggest and --replay', async () => {
    const { run } = recorded();
    const { code, stderr } = await run('egress', ID, '--follow', '--suggest');
    expect([code, stderr]).toEqual([2, expect.stringContaining('expected one of them')]);
  });
});

describe('egress --follow', () => {
  it("prints each decision as it is made, and ends with the bottle's session", async () => {
    const operator = new Operator();
    const bottle = await proxiedBottle(operator, ID);
    const inside = createServer(connection => bottle.egress.serve(connection));
    await new Promise<void>(resolve => inside.listen(0, '127.0.0.1', resolve));
    const { port } = inside.address() as AddressInfo;
    const person = new PersonAtTerminal(operator, ['egress', ID, '--follow'], { columns: 200, rows: 24 });
    await person.sees('UTC');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asked = request({ port, path: 'http://evil.example/', headers: { host: 'evil.example' } });
      asked.on('response', ({ statusCode }) => resolve(statusCode)).on('error', reject);
      asked.end();
    });
    expect(status).toBe(403);
    await person.sees('evil.example:80');
    inside.close();
    await bottle.close();
    expect(await person.exited()).toBe(0);
  });
});

describe('egress --suggest', () => {
  it('proposes the shortest allowlist for what was denied, and the command that takes what needs no judgement', async () => {
    const { run, paths } = recorded();
    expect(await run('egress', ID, '--suggest')).toEqual({
      code: 0,
      stdout:
        '10.0.0.1 ip private\t1\tleads to this machine or a private network\n' +
        'a.example\t1\t\n' +
        'b.example:8443\t1\t\n',
      stderr: `bot-bottle: what needs no judgement is allowed by\n  bot-bottle allow ${ID} a.example b.example:8443\n`,
    });
    await run('allow', ID, 'a.example');
    expect(JSON.parse((await run('egress', ID, '--suggest', '--json')).stdout)).toEqual([
      { line: '10.0.0.1 ip private', denials: 1, judge: 'leads to this machine or a private network' },
      { line: 'b.example:8443', denials: 1, judge: null },
    ]);
    rmSync(paths.folder, { recursive: true });
    expect((await run('egress', ID, '--suggest')).stderr).toMatch(
      /: the bottle is gone; .* from the next start by\n {2}--allow a\.example --allow b\.example:8443\n$/,
    );
  });
});

describe('egress --replay', () => {
  it('says what a candidate allowlist would have decided', async () => {
    const { run, operator } = recorded();
    const file = join(operator.home, 'candidate');
    writeFileSync(file, 'a.example\n');
    const { code, stdout, stderr } = await run('egress', ID, '--replay', file);
    expect(code).toBe(0);
    expect(stdout.split('\n').map(line => line.split('\t').slice(2))).toEqual([
      ['a.example:443', 'denied: host-not-allowed', 'allowed', 'a.example'],
      ['b.example:8443', 'denied: host-not-allowed', 'denied: host-not-allowed', ''],
      ['good.example:443', 'allowed', 'denied: host-not-allowed', ''],
      ['10.0.0.1:80/x', 'denied: host-not-allowed', 'denied: host-not-allowed', ''],
      [],
    ]);
    expect(stderr).toBe(
      'bot-bottle: of 4 distinct requests 1 would be let out that were denied, and 1 denied that were let out\n',
    );
  });

  it('takes routes by the name of their file, upon the allowlist that the bottle has', async () => {
    const { run, operator, paths } = recorded();
    await writeLiveConfig(paths, { allowlist: '10.0.0.1 ip private\n' });
    const file = join(operator.home, 'routes.yaml');
    writeFileSync(file, 'routes: [{ host: 10.0.0.1, paths: [/y] }]');
    const { stdout } = await run('egress', ID, '--replay', file, '--json');
    expect(JSON.parse(stdout).at(-1)).toEqual({
      method: 'GET',
      host: '10.0.0.1',
      port: 80,
      path: '/x',
      times: 1,
      was: { allowed: false, rule: 'host-not-allowed' },
      now: { allowed: false, rule: 'not-routed', entry: '* 10.0.0.1 /y' },
    });
  });

  it('does not make up the allowlist of a bottle that is gone', async () => {
    const { run, operator, paths } = recorded();
    rmSync(paths.folder, { recursive: true });
    const file = join(operator.home, 'routes.yaml');
    writeFileSync(file, 'routes: []');
    expect((await run('egress', ID, '--replay', file)).code).toBe(2);
    writeFileSync(join(operator.home, 'list'), 'a.example');
    const both = await run('egress', ID, '--replay', file, '--replay', join(operator.home, 'list'));
    expect([both.code, both.stdout.split('\n').length]).toEqual([0, 5]);
  });

  it('says with line and column what is wrong with the file', async () => {
    const { run, operator } = recorded();
    const file = join(operator.home, 'candidate');
    writeFileSync(file, '\na.example privat\n');
    const { code, stderr } = await run('egress', ID, '--replay', file);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${file}:2:11: unknown flag "privat"`)]);
  });
});
