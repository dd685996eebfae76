import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeWith, installPacked, run } from '@bot-bottle/test-kit';
import { Operator } from '../support/cli.js';
import { fenceOf, REPOSITORY, readDocument } from './markdown.js';

describeWith('bwrap', 'the adapter of docs/writing-a-backend.md', () => {
  const document = readDocument('docs/writing-a-backend.md');
  const adapter = fenceOf(document, 'file=tiny.mjs').text;
  let project = '';
  // The packages that it imports as their users have them, and the terminal of whoever runs the suite.
  beforeAll(() => {
    project = installPacked(join(REPOSITORY, 'packages/backend'), join(REPOSITORY, 'packages/durable-fs'));
    const terminal = 'node_modules/@lydell/node-pty';
    mkdirSync(dirname(join(project, terminal)), { recursive: true });
    symlinkSync(realpathSync(join(REPOSITORY, 'apps/cli', terminal)), join(project, terminal));
  });

  it('keeps the contract, by the suite', () => {
    writeFileSync(join(project, 'tiny.mjs'), adapter);
    writeFileSync(join(project, 'tiny.test.mjs'), fenceOf(document, 'file=tiny.test.mjs').text);
    const { status, stdout } = run([process.execPath, '--test', '--test-reporter=tap', 'tiny.test.mjs'], {
      cwd: project,
    });
    expect(stdout.match(/^ *not ok .*/gm) ?? []).toEqual([]);
    expect([status, Number(/^# pass (\d+)/m.exec(stdout)?.[1])]).toEqual([0, 40]);
  });

  it('would be found wrong by it, were it', () => {
    writeFileSync(join(project, 'tiny.mjs'), adapter.replace("'--hostname', identity, ", ''));
    const { status, stdout } = run([process.execPath, '--test', '--test-reporter=tap', 'tiny.test.mjs'], {
      cwd: project,
    });
    expect(status).toBe(1);
    expect(stdout.match(/^ *not ok \d+ - has the identity for its host name/gm)).toHaveLength(1);
  });

  it('is loaded by the CLI as the document says', async () => {
    const operator = new Operator({ root: project });
    mkdirSync(join(project, 'adapters'));
    writeFileSync(join(project, 'adapters/tiny.mjs'), adapter);
    writeFileSync(join(project, 'bot-bottle.yaml'), fenceOf(document, 'bot-bottle.yaml').text);
    const { code, stdout, stderr } = await operator.run([
      'start',
      'shell',
      '--backend',
      'tiny',
      '--',
      'uname',
      '-n',
    ]);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^shell-[a-z0-9]{5}\r?\n$/),
      stderr: '',
    });
  });
});
