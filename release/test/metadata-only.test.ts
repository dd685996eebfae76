import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecord, newRecord } from '@bot-bottle/metadata';
import { reserveIdentity } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { Consumer } from '../src/consumer.ts';
import { released } from '../src/released.ts';
import { installedSizes } from '../src/sizes.ts';
import { TYPESCRIPT } from '../src/typescript.ts';

describe('examples/metadata-only', () => {
  const consumer = new Consumer(temporaryFolder(), '24');

  beforeAll(async () => {
    cpSync(join(released().copy, 'examples/metadata-only'), consumer.folder, { recursive: true });
    await consumer.succeed('npm', 'install');
  });

  it('lists the bottles of a root, the broken ones too', async () => {
    const root = temporaryFolder();
    const [whole, broken, empty] = ['whole', 'broken', 'empty'].map(name => reserveIdentity(root, name));
    if (whole === undefined) throw new Error('expected an identity');
    const record = newRecord({ identity: whole, agentName: 'claude' }, { now: () => new Date(0) });
    writeFileSync(join(root, 'state', whole, 'metadata.json'), encodeRecord(record));
    writeFileSync(join(root, `state/${broken}/metadata.json`), '{');
    consumer.env['BOT_BOTTLE_HOME'] = root;
    const { status, output } = await consumer.attempt('node', 'list.ts');
    expect([status, output.trim().split('\n').sort()]).toEqual([
      0,
      [
        expect.stringMatching(new RegExp(`^${broken} .*metadata\\.json.*`)),
        `${empty} has no record yet`,
        `${whole} claude 1970-01-01T00:00:00.000+00:00`,
      ],
    ]);
  });

  it('is five lines, with types', async () => {
    const lines = readFileSync(join(consumer.folder, 'list.ts'), 'utf8').trim().split(/\n+/);
    expect(lines).toHaveLength(5);
    expect((await consumer.attempt('node', TYPESCRIPT, '-p', '.')).output).toBe('');
  });

  it('pulls in one package beside its own, and nobody else’s', () => {
    expect(Object.keys(installedSizes(consumer.folder))).toEqual([
      '@bot-bottle/identity',
      '@bot-bottle/metadata',
    ]);
  });
});
