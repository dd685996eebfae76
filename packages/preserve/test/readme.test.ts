import { join } from 'node:path';
import { runReadmeExample, temporaryFolder } from '@bot-bottle/test-kit';

it('runs the README example from the packed package', () => {
  const { status, stdout, stderr } = runReadmeExample(join(__dirname, '..'), {
    BOT_BOTTLE_HOME: temporaryFolder(),
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual(['alive', 'preserved', 'kept preserved']);
});
