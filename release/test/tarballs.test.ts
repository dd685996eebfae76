import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { attempt, succeed } from '../src/programs.ts';
import { released } from '../src/released.ts';
import { publishedPackages, readManifest } from '../src/workspace.ts';

const { releases, copy } = released();
const linter = fileURLToPath(new URL('../src/lint-tarball.ts', import.meta.url));
const folders = new Map(publishedPackages(copy).map(({ name, folder }) => [name, relative(copy, folder)]));

/** What users run and read. No source, test, configuration or map. */
const SHIPPED =
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts|1)|schema\/[\w-]+\.schema\.json)$/;

describe('every tarball', () => {
  const findings: Record<string, string[]> = {};
  beforeAll(async () => {
    const tarballs = releases.map(({ tarball }) => tarball);
    Object.assign(
      findings,
      JSON.parse(await succeed([process.execPath, linter, ...tarballs], { cwd: __dirname })),
    );
  });

  it.each(releases)('of $name has no finding of publint and Are The Types Wrong', ({ tarball }) => {
    expect(findings[tarball]).toEqual([]);
  });
});

describe.each(releases)('the tarball of $name', ({ name, version, tarball }) => {
  const unpacked = temporaryFolder();
  let files: string[] = [];
  beforeAll(async () => {
    const listed = await succeed(['tar', '-xvzf', tarball, '--strip-components=1', '-C', unpacked], {
      cwd: unpacked,
    });
    files = listed
      .trim()
      .split('\n')
      .map(path => path.replace(/^package\//, ''));
  });

  it('has what users run and read, and nothing else', () => {
    expect(files.filter(path => !SHIPPED.test(path))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
  });

  it('points to no source map', async () => {
    const { status } = await attempt(['grep', '-rl', 'sourceMappingURL=', unpacked], { cwd: unpacked });
    expect(status).toBe(1);
  });

  it('says whose it is, where it comes from and what it needs', () => {
    const manifest = readManifest(unpacked);
    const home = 'https://github.com/bot-bottle/bot-bottle';
    const directory = folders.get(name);
    expect(manifest).toMatchObject({
      name,
      version,
      license: 'MIT',
      description: expect.stringMatching(/^\S.*\.$/),
      keywords: expect.arrayContaining([expect.any(String)]),
      repository: { type: 'git', url: `git+${home}.git`, directory },
      homepage: `${home}/tree/main/${directory}#readme`,
      bugs: `${home}/issues`,
      engines: { node: name === 'bot-bottle' ? '>=22' : '>=22.12' },
      ...(name === 'bot-bottle' ? {} : { sideEffects: false }),
    });
    expect(JSON.stringify(manifest.dependencies ?? {})).not.toContain('workspace:');
  });
});
