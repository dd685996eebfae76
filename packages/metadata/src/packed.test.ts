import { join } from 'node:path';
import { installPacked, run, runReadmeExample, temporaryFolder } from '@bot-bottle/test-kit';

const folder = join(__dirname, '..');

describe('the packed package', () => {
  const project = installPacked(folder, join(folder, '../state-paths'));

  const code = (load: (name: string) => string) => `
    const { reserveIdentity, bottlePaths } = ${load('@bot-bottle/state-paths')};
    const { newRecord, readRecord, writeRecord, listRecords, MetadataError } = ${load('@bot-bottle/metadata')};
    const { encodeRecord, decodeRecord } = ${load('@bot-bottle/metadata/codec')};
    const root = process.argv[1];
    const identity = reserveIdentity(root, 'claude');
    const paths = bottlePaths(root, identity);
    const record = newRecord({ identity, agentName: 'claude' });
    writeRecord(paths, record).then(() => {
      const same = encodeRecord(readRecord(paths)) === encodeRecord(record);
      try { decodeRecord('{'); } catch (error) { console.log(same, [...listRecords(root)].length, error instanceof MetadataError); }
    });`;

  it.each([
    ['an ES module', 'module', (name: string) => `await import('${name}')`],
    ['CommonJS', 'commonjs', (name: string) => `require('${name}')`],
  ])('works from %s', (_what, type, load) => {
    const { stdout, stderr } = run(
      [process.execPath, `--input-type=${type}`, '-e', code(load), temporaryFolder()],
      {
        cwd: project,
      },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'true 1 true\n', stderr: '' });
  });

  it('runs the README example', () => {
    const { status, stdout, stderr } = runReadmeExample(folder, { BOT_BOTTLE_HOME: temporaryFolder() });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^claude-[a-z0-9]{5} docker \/home\/me\/project\n$/);
  });

  it('brings its JSON Schema', () => {
    const schema = run(
      [process.execPath, '-p', 'require("@bot-bottle/metadata/schema/metadata.schema.json").title'],
      {
        cwd: project,
      },
    );
    expect(schema.stdout).toBe('Launch record of a bottle\n');
  });
});
