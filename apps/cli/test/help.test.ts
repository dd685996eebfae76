import { spawnSync } from 'node:child_process';
import manifest from '../package.json' with { type: 'json' };
import { COMMANDS } from '../src/commands/table.js';
import { BUNDLE, Operator } from './support/cli.js';

const operator = new Operator();

function tooWide(help: string): string[] {
  return help.split('\n').filter(line => line.length > 80);
}

it('prints its version', async () => {
  for (const flag of ['--version', '-V']) {
    expect(await operator.run([flag])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  }
});

it.each(['18.20.8', '20.19.0'])(
  'tells an operator with Node %s so in one line, whatever was asked',
  version => {
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); require(${JSON.stringify(BUNDLE)})`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', pretend, 'list'], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: `bot-bottle: this is Node ${version}; expected Node 22 or newer\n`,
    });
  },
);

it('shows the commands in their groups, within 80 columns', async () => {
  const { stdout, code } = await operator.run(['--help']);
  expect(code).toBe(0);
  expect(tooWide(stdout)).toEqual([]);
  expect(stdout).toMatchSnapshot();
  expect((await operator.run(['help'])).stdout).toBe(stdout);
  expect((await operator.run(['help', 'stop'])).stdout).toBe((await operator.run(['stop', '--help'])).stdout);
});

it.each(COMMANDS.map(spec => spec.name))('explains %s within 80 columns', async name => {
  const { stdout, stderr, code } = await operator.run([name, '--help']);
  expect([code, stderr]).toEqual([0, '']);
  expect(tooWide(stdout)).toEqual([]);
  expect(stdout).toMatchSnapshot();
});

it('tells a program that names no command what there is, and that nothing was done', async () => {
  const { stdout } = await operator.run(['--help']);
  expect(await operator.run([])).toEqual({ code: 2, stdout, stderr: '' });
});
