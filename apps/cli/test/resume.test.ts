import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { Operator } from './support/cli.js';

/** An operator with one bottle that ended and was preserved. */
async function ended(...args: readonly string[]): Promise<{ operator: Operator; bottle: BottlePaths }> {
  const operator = new Operator();
  const { code, stderr } = await operator.run(['start', 'shell', '--preserve', ...args, '--', 'true']);
  const [bottle] = operator.bottles();
  if (code !== 0 || bottle === undefined) throw new Error(stderr);
  return { operator, bottle };
}

describeWith('bwrap', 'resume', () => {
  it('names the variables that were there at the start and are gone, and no other', async () => {
    const operator = new Operator({ env: { HAD: 'a', STAYS: 'b' } });
    mkdirSync(operator.root, { mode: 0o700 });
    const config = 'agents: { shell: { passEnv: [HAD, STAYS, NEVER] } }\n';
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), config);
    await operator.run(['start', 'shell', '--preserve', '--', 'true']);
    const [bottle] = operator.bottles();
    delete operator.env['HAD'];
    const { code, stderr } = await operator.run(['resume', bottle?.identity ?? '']);
    expect(code).toBe(0);
    expect(stderr.split('\n').filter(line => line.includes('variable'))).toEqual([
      'bot-bottle: NOT back: the variable HAD; it is not set here',
    ]);
  });

  it('without its mounted folder says how to go on all the same', async () => {
    const folder = temporaryFolder();
    const { operator, bottle } = await ended('--cwd', folder);
    renameSync(folder, `${folder}.away`);
    const { code, stderr } = await operator.run(['resume', bottle.identity]);
    renameSync(`${folder}.away`, folder);
    expect([code, stderr]).toEqual([
      125,
      `bot-bottle: there is no folder ${folder}; expected one to mount\n  try: bot-bottle resume ${bottle.identity} --without-workspace\n`,
    ]);
  });

  it('has the limits of the start, or the new ones where it is asked to, and from then on', async () => {
    const operator = new Operator();
    mkdirSync(operator.root, { mode: 0o700 });
    const limit = (openFiles: number, processes = 500) =>
      writeFileSync(
        join(operator.root, 'bot-bottle.yaml'),
        `limits: { openFiles: ${openFiles}, processes: ${processes} }\n`,
      );
    limit(140);
    await operator.run(['start', 'shell', '--preserve', '--', '-c', 'echo may open $(ulimit -n)']);
    const [bottle] = operator.bottles();
    const resume = (...options: string[]) =>
      operator.run(['resume', bottle?.identity ?? '', '--preserve', ...options]);
    limit(150);
    expect((await resume()).stdout).toContain('may open 140');
    expect((await resume('--new-limits')).stdout).toContain('may open 150');
    limit(160);
    expect((await resume()).stdout).toContain('may open 150');
    // Too few for the sandbox itself: the bottle is as it was.
    limit(160, 2);
    expect(await resume('--new-limits')).toMatchObject({ code: 125 });
    expect((await resume()).stdout).toContain('may open 150');
  });

  it('of what it cannot read leaves every file of it as it was', async () => {
    const { operator, bottle } = await ended();
    const files = [bottle.launch, bottle.session, bottle.metadata];
    const good = files.map(file => readFileSync(file, 'utf8'));
    for (const [index, broken] of files.entries()) {
      writeFileSync(broken, '{ "phase": ');
      const { code, stderr } = await operator.run(['resume', bottle.identity]);
      expect([code, stderr]).toEqual([125, expect.stringContaining(broken)]);
      const expected = good.map((text, each) => (each === index ? '{ "phase": ' : text));
      expect(files.map(file => readFileSync(file, 'utf8'))).toEqual(expected);
      writeFileSync(broken, good[index] ?? '');
    }
    expect(await operator.run(['resume', bottle.identity])).toMatchObject({ code: 0 });
  });

  it('of what a newer version wrote asks for that version; `show` shows the rest, and nothing is touched', async () => {
    const { operator, bottle } = await ended();
    const newer = JSON.stringify({ ...JSON.parse(readFileSync(bottle.launch, 'utf8')), version: 9 });
    writeFileSync(bottle.launch, newer);
    const { code, stderr } = await operator.run(['resume', bottle.identity]);
    expect([code, stderr]).toEqual([
      125,
      `bot-bottle: ${bottle.launch} was written by a newer bot-bottle (version 9, known: 1)\n` +
        '  try: npm install --global bot-bottle@latest\n',
    ]);
    const shown = await operator.run(['show', bottle.identity, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      state: 'preserved',
      agent: 'shell',
      command: null,
      problem: expect.stringContaining('newer bot-bottle'),
    });
    expect(readFileSync(bottle.launch, 'utf8')).toBe(newer);
  });
});
