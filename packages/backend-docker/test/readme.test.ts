import { join } from 'node:path';
import {
  describeWithEngine,
  makeTestImage,
  runReadmeExample,
  TEST_IMAGE,
  temporaryFolder,
} from '@bot-bottle/test-kit';

describeWithEngine('the packed package', () => {
  it('runs the README example', () => {
    makeTestImage();
    const engine = ['PATH', 'DOCKER_HOST', 'DOCKER_CONFIG'].map(name => [name, process.env[name] ?? '']);
    const env = { ...Object.fromEntries(engine), BOT_BOTTLE_IMAGE: TEST_IMAGE, TMPDIR: temporaryFolder() };
    const { status, stdout, stderr } = runReadmeExample(join(__dirname, '..'), env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      'bottle',
      "{ state: 'prepared' }",
      '{ removed: true, left: [] }',
    ]);
  });
});
