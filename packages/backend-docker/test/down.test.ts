import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithEngine, makeTestImage, TEST_IMAGE, temporaryFolder } from '@bot-bottle/test-kit';
import { Operator } from './operator.js';

const START = 'systemctl start docker';

describeWithEngine('while the engine is down', () => {
  let operator: Operator;
  /** One that ended, one of them with a Dockerfile of its own, and one whose keeper is dead and whose agent may run. */
  const bottles = { ENDED: '', OWN: '', ALONE: '' };
  const address = `unix://${join(temporaryFolder(), 'nobody.sock')}`;
  beforeAll(async () => {
    makeTestImage();
    operator = new Operator();
    for (const name of ['ENDED', 'OWN', 'ALONE'] as const) {
      bottles[name] = await operator.start('-c', 'read -r x');
      await operator.run(['preserve', bottles[name]]);
      if (name === 'ALONE') await operator.killKeeper(bottles[name]);
      else await operator.run(['stop', bottles[name], '--grace', '0']);
    }
    writeFileSync(join(operator.folder(bottles.OWN), 'Dockerfile'), `FROM ${TEST_IMAGE}\n`);
  });
  afterAll(async () => {
    for (const id of Object.values(bottles)) await operator.run(['rm', '--force', id]);
  });

  const run = (line: string) => {
    const args = line.replace(/[A-Z]+/g, name => bottles[name as keyof typeof bottles]).split(' ');
    return operator.run(args, '', { DOCKER_HOST: address });
  };
  const record = (id: string) =>
    ['metadata.json', 'launch.json', 'session.json', '.preserve'].map(name =>
      readFileSync(join(operator.folder(id), name), 'utf8'),
    );
  const fact = `the engine is down: [^\\n]*${address}[^\\n]*`;

  it.each([
    ['start shell --detach', 125],
    ['resume ENDED --detach', 125],
    ['resume OWN --detach', 125],
    ['resume ALONE --detach', 125],
    ['rebuild OWN --yes', 125],
    ['rebuild ALONE --yes', 125],
    ['stop ALONE', 1],
    ['rm --force ENDED', 1],
    ['rm --force ALONE', 1],
    ['migrate ENDED --backend local', 1],
    ['migrate ALONE --backend local --stop', 1],
    ['migrate ENDED --backend docker', 1],
    ['adopt gone-aaaaa', 1],
  ])('%s fails with one line and the next command, and nothing is changed', async (line, code) => {
    const before = [bottles.ENDED, bottles.ALONE].map(record);
    expect(await run(line)).toEqual({
      code,
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^bot-bottle: [^\\n]*${fact}\\n  try: ${START}\\n$`)),
    });
    expect([bottles.ENDED, bottles.ALONE].map(record)).toEqual(before);
  });

  it.each([
    ['list', 'what runs on docker', 0],
    ['show ALONE', 'what runs on docker', 0],
    ['prune', 'what docker has without a record', 0],
    ['prune --orphans', 'what docker has without a record', 1],
  ])('%s says the rest, what is not known, and the next command', async (line, what, code) => {
    const { stdout, ...said } = await run(line);
    expect(said).toEqual({
      code,
      stderr: expect.stringMatching(
        new RegExp(`^bot-bottle: ${what} is not known: ${fact}\\n  try: ${START}\\n$`),
      ),
    });
    expect(stdout).toContain(bottles.ALONE);
  });

  it.each([
    ['stop ENDED', 0, '', 'bot-bottle: ENDED does not run\n'],
    ['attach ALONE', 125, '', 'bot-bottle: ALONE does not run\n  try: bot-bottle resume ALONE\n'],
    ['image OWN', 0, `FROM ${TEST_IMAGE}\n`, expect.stringContaining('its own Dockerfile')],
  ])('%s needs none', async (line, code, stdout, stderr) => {
    const outcome = await run(line);
    const named = Object.entries(bottles).reduce(
      (text, [name, id]) => text.replaceAll(id, name),
      outcome.stderr,
    );
    expect({ ...outcome, stderr: named }).toEqual({ code, stdout, stderr });
  });

  it('doctor says so of the backend, and of nothing else', async () => {
    const { stdout, stderr } = await run('doctor');
    expect(stderr).toBe('');
    expect(stdout.match(new RegExp(`^(?:warn|FAIL) +.*${fact}\\n +try: ${START}$`, 'gm'))).toHaveLength(1);
    expect(stdout.match(/engine is down/g)).toHaveLength(1);
  });
});
