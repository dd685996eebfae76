import { join } from 'node:path';
import { describeWith, runReadmeExample } from './index.js';

describeWith('strace', 'the README', () => {
  it('holds an example that runs and finds the naive write torn', () => {
    const { stdout, stderr, status } = runReadmeExample(join(__dirname, '..'));
    expect({ stdout, stderr, status }).toEqual({ stdout: '"old"\n""\n2\n', stderr: '', status: 0 });
  });
});
