import { join } from 'node:path';
import { runReadmeExample } from '@bot-bottle/test-kit';

it('does what its README shows, when it is installed from the packed package', () => {
  const { stdout, stderr, status } = runReadmeExample(join(__dirname, '..'));
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout.split('\n')[0]).toBe("1 [ { host: 'api.example.com' } ]");
  expect(stdout).toContain('in force: 2 []');
});
