import { join } from 'node:path';
import { runReadmeExample } from '@bot-bottle/test-kit';

it('runs the example of the README with the packed package in an empty project', () => {
  const { status, stdout, stderr } = runReadmeExample(join(__dirname, '..'));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe('{"theme":"dark"}\nclaim-held\n');
});
