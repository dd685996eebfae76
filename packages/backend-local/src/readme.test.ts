import { join } from 'node:path';
import { describeWith, runReadmeExample, temporaryFolder } from '@bot-bottle/test-kit';

describeWith('bwrap', 'the packed package', () => {
  it('runs the README example', () => {
    const env = { PATH: process.env['PATH'] ?? '', TMPDIR: temporaryFolder() };
    const { status, stdout, stderr } = runReadmeExample(join(__dirname, '..'), env);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      'bottle',
      "{ state: 'prepared' }",
      '{ removed: true, left: [] }',
    ]);
  });
});
