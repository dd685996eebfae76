import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { builtInto } from '../src/built-in.ts';
import { copyRepository } from '../src/copy.ts';
import { hiddenChange } from '../src/hidden-change.ts';
import { succeed } from '../src/programs.ts';
import { publishedPackages, readManifest } from '../src/workspace.ts';

const repository = join(__dirname, '../..');
const named = (name: string) => {
  const found = publishedPackages(repository).find(one => one.name === name);
  if (found === undefined) throw new Error(`no package ${name}`);
  return found;
};

describe('what is built in', () => {
  it('is what a package imports and does not depend on; tests do not count', () => {
    expect(builtInto(named('@bot-bottle/metadata'))).toEqual([
      '@bot-bottle/durable-fs',
      '@bot-bottle/state-paths',
    ]);
    expect(builtInto(named('bot-bottle'))).toContain('@bot-bottle/preserve');
    expect(builtInto(named('@bot-bottle/backend-docker'))).toEqual([]);
  });
});

describe('versions', () => {
  const copy = join(temporaryFolder(), 'copy');
  const version = () => succeed([process.execPath, join(copy, 'release/src/version.ts')], { cwd: copy });
  const versions = () =>
    Object.fromEntries(publishedPackages(copy).map(({ name, manifest }) => [name, manifest.version]));
  const changelogOf = (folder: string) => readFileSync(join(copy, folder, 'CHANGELOG.md'), 'utf8');

  beforeAll(async () => {
    await copyRepository(repository, copy);
    await version();
  });

  it('leave no changeset, and stay as they are without one', async () => {
    expect(readdirSync(join(copy, '.changeset')).filter(name => name !== 'config.json')).toEqual([]);
    const first = versions();
    await version();
    expect(versions()).toEqual(first);
  });

  it('release what has a released package built in, and nothing that has not', async () => {
    const first = versions();
    writeFileSync(
      join(copy, '.changeset/one.md'),
      '---\n"@bot-bottle/durable-fs": patch\n---\n\nReads quicker.\n',
    );
    await version();
    const moved = Object.entries(versions()).filter(([name, now]) => now !== first[name]);
    expect(moved.map(([name]) => name)).toEqual([
      '@bot-bottle/durable-fs',
      '@bot-bottle/metadata',
      'bot-bottle',
    ]);
    expect(changelogOf('apps/cli')).toContain('Has the newest of the packages that are built in.');
    expect(changelogOf('packages/durable-fs')).toContain('Reads quicker.');
  });

  it('take the examples along', () => {
    const { dependencies } = readManifest(join(copy, 'examples/metadata-only'));
    expect(dependencies).toEqual({ '@bot-bottle/metadata': `^${versions()['@bot-bottle/metadata']}` });
  });

  it('keep what the API was, for the next change to be compared with', () => {
    for (const entry of ['index', 'codec']) {
      const report = readFileSync(join(copy, `packages/metadata/api/${entry}.d.ts`), 'utf8');
      expect(readFileSync(join(copy, `packages/metadata/api/released/${entry}.d.ts`), 'utf8')).toBe(report);
    }
  });

  it('are too small for a break that no changeset tells of', () => {
    const file = join(copy, 'packages/durable-fs/api/index.d.ts');
    const report = readFileSync(file, 'utf8');
    const broken = report.replace(
      /^export declare function removeFile.*$/m,
      'export declare function forget(): void;',
    );
    const now = versions()['@bot-bottle/durable-fs'] ?? '';
    expect(hiddenChange(file, report, now, now)).toBeNull();
    expect(hiddenChange(file, broken, now, '0.1.9')).toBe(
      `needs a changeset that says "minor"; the present ones go from ${now} to 0.1.9\n  removeFile is gone\n  forget is new`,
    );
    expect(hiddenChange(file, broken, now, '0.2.0')).toBeNull();
    expect(hiddenChange(file, broken, '1.0.0', '1.1.0')).toContain('says "major"');
    expect(hiddenChange(file, null, now, '0.1.9')).toContain('acquireClaim is gone');
  });
});
