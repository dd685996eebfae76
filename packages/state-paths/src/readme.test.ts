import { join } from 'node:path';
import { runReadmeExample, temporaryFolder } from '@bot-bottle/test-kit';

it('runs the README example from the packed package', () => {
  const root = temporaryFolder();
  const { status, stdout, stderr } = runReadmeExample(join(__dirname, '..'), { BOT_BOTTLE_HOME: root });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [metadata, listed] = stdout.trim().split('\n');
  expect(metadata).toMatch(new RegExp(`^${root}/state/claude-[a-z0-9]{5}/metadata\\.json$`));
  expect(listed).toBe('true');
});
