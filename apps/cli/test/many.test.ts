import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { Operator, until } from './support/cli.js';
import { runs } from './support/keeper.js';

const STARTS = 200;
/** Commands at a time; their keepers and agents overlap beyond that. */
const LANES = 8;

describeWith('bwrap', 'many starts on one root', () => {
  it(`give ${STARTS} bottles of their own, and all are cleaned up`, async () => {
    const operator = new Operator({ root: join(temporaryFolder({ memory: true }), 'root') });
    const token = `token:${operator.root}`;
    const identities: string[] = [];
    let left = STARTS;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const { code, stdout, stderr } = await operator.run([
          'start',
          'shell',
          '--detach',
          '--',
          '-c',
          'true',
          token,
        ]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        identities.push(stdout.trim());
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(new Set(identities).size).toBe(STARTS);
    await until(() => readdirSync(join(operator.root, 'state')).length === 0, 60_000);
    await until(() => !runs(token));
  }, 240_000);
});

describeWith('bwrap', 'a keeper', () => {
  it('stays small while its bottle runs', async () => {
    const operator = new Operator();
    const bottle = await operator.start('shell', '--', '-c', 'read x');
    const { pid } = JSON.parse(readFileSync(bottle.session, 'utf8'));
    const [, rss] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    await operator.killAll();
    expect(Number(rss)).toBeLessThan(100 * 1024);
  });
});
