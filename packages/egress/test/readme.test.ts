import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runReadmeExample } from '@bot-bottle/test-kit';
import { egressEnvironment } from '../src/tls/environment.js';

it('does what its README shows, when it is installed from the packed package', () => {
  const { stdout, stderr, status } = runReadmeExample(join(__dirname, '..'));
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout.split('\n')).toEqual([
    '200 hello',
    expect.stringMatching(
      /^403 bot-bottle denied evil\.example:80 to the bottle demo-a1b2c \(host-not-allowed\)/,
    ),
    'To allow it, run on the host: bot-bottle allow demo-a1b2c evil.example',
    'opened 127.0.0.1 allowlist',
    'closed 127.0.0.1 allowlist',
    'denied evil.example host-not-allowed',
    '',
  ]);
});

it('says of every variable that a bottle gets who reads it', () => {
  const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
  const set = Object.keys(egressEnvironment(3128, { certificate: '', bundle: '', javaStore: '' }));
  const told = [...readme.matchAll(/`([A-Za-z0-9]+(?:_[A-Za-z0-9]+)+)`/g)].map(([, name = '']) => name);
  expect(set.filter(name => !told.includes(name))).toEqual([]);
});
