/** The program as `npm install bot-bottle` brings it: the packed files in an empty project, with its one dependency. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describeWith, installPacked, packedTarball, run, temporaryFolder } from '@bot-bottle/test-kit';

const app = join(__dirname, '..');

it('is packed with what it runs and nothing else', () => {
  const { stdout } = run(['tar', '-tzf', packedTarball(app)]);
  expect(stdout.trim().split('\n').sort()).toEqual([
    'package/LICENSE',
    'package/README.md',
    'package/dist/bot-bottle.1',
    'package/dist/bot-bottle.cjs',
    'package/dist/run.cjs',
    'package/package.json',
    'package/schema/bot-bottle.schema.json',
  ]);
});

describeWith('bwrap', 'the packed program', () => {
  it('runs a bottle where nothing else of this repository is', () => {
    const program = join(installPacked(app), 'node_modules/bot-bottle/dist/bot-bottle.cjs');
    const root = temporaryFolder();
    const bottle = (...args: string[]) =>
      spawnSync(process.execPath, [program, ...args], {
        encoding: 'utf8',
        cwd: root,
        env: { PATH: process.env['PATH'], HOME: root, BOT_BOTTLE_HOME: join(root, 'state root') },
        input: '',
      });
    expect(bottle('start', 'shell', '--', '-c', 'echo hello; exit 3')).toMatchObject({
      status: 3,
      stdout: expect.stringContaining('hello'),
    });
    expect(bottle('list', '--json')).toMatchObject({ status: 0, stderr: '' });
  });
});
