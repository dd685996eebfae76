import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseAllowlist } from '@bot-bottle/live-config';
import { describeWith } from '@bot-bottle/test-kit';
import fc from 'fast-check';
import { judgeTarget } from '../src/policy.js';

const RUNS = 2000;
/** Of live-config, which says there what it asks. */
const ORACLE = join(__dirname, '../../live-config/test/host_oracle.py');

const names = fc.constantFrom(
  'a.example',
  'b.a.example',
  'evil-a.example',
  'bücher.example',
  '10.1',
  '0xa.1',
  '::ffff:10.0.0.1',
  '[::1]',
  'a.example.net',
);
const host = fc
  .tuple(
    fc.constantFrom('', '', '', 'x.', 'evil', '*.'),
    names,
    fc.constantFrom('', '', '', '.', '..', '\0', '.evil.net', '@evil.net'),
  )
  .map(parts => parts.join(''));
const port = fc.constantFrom(80, 443, 22, 8443);
const line = fc.constantFrom(
  'a.example',
  '*.a.example',
  'b.a.example:8443',
  'BÜCHER.example.',
  '10.0.0.1 ip',
  '[::1]:22 ip',
  '*.example wide',
  '* wide ip',
);
const question = fc.record({
  allowlist: fc.uniqueArray(line, { minLength: 1, maxLength: 3 }),
  targets: fc.array(fc.record({ host, port }), { minLength: 1, maxLength: 4 }),
});

describeWith('python3', 'A target, beside libidn2, inet_aton and ipaddress', () => {
  it('is let out exactly where they read an entry that names it, however often it is judged', () => {
    const questions = fc.sample(question, { numRuns: RUNS, seed: 29 });
    const input = questions.flatMap(({ allowlist, targets }) =>
      targets.map(target => JSON.stringify({ ...target, allowlist })),
    );
    const { stdout } = spawnSync('python3', [ORACLE], {
      input: input.join('\n'),
      encoding: 'utf8',
      maxBuffer: 1 << 24,
    });
    const theirs = stdout
      .trim()
      .split('\n')
      .map(answer => answer === 'true');
    const mine = questions.flatMap(({ allowlist, targets }) => {
      const policy = {
        generation: 1,
        revision: '',
        allowlist: parseAllowlist(allowlist.join('\n')),
        routes: [],
      };
      const judge = () => targets.map(target => judgeTarget(policy, target).allowed);
      judge();
      return judge(); // what was judged once is remembered
    });
    expect(theirs.filter(Boolean).length).toBeGreaterThan(RUNS / 5);
    expect(input.filter((_, i) => mine[i] !== theirs[i])).toEqual([]);
  });
});
