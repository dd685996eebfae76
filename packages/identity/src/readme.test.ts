import { join } from 'node:path';
import { installPacked, run, runReadmeExample } from '@bot-bottle/test-kit';

const folder = join(__dirname, '..');

it('runs the README example from the packed package', () => {
  const { status, stdout, stderr } = runReadmeExample(folder);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual(['my-agent', 'agent', 'false', 'invalid-identity']);
});

it('is loaded from the packed package by require too', () => {
  const code = 'console.log(require("@bot-bottle/identity").slugify("A b"))';
  expect(
    run([process.execPath, '--input-type=commonjs', '-e', code], { cwd: installPacked(folder) }).stdout,
  ).toBe('a-b\n');
});
