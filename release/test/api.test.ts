import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { apiReports, readReport } from '../src/api-report.ts';
import { bumpBetween, isEnough, neededBump } from '../src/bumps.ts';
import { hiddenChange } from '../src/hidden-change.ts';
import { released } from '../src/released.ts';
import { readManifest } from '../src/workspace.ts';

const repository = join(__dirname, '../..');
const reports = apiReports(repository);
const folders = [...new Set(reports.map(({ file }) => dirname(file)))];
const reportsIn = (folder: string) =>
  existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.d.ts')) : [];
const files = folders.flatMap(folder => reportsIn(folder).map(name => join(folder, name)));
const releasedFiles = folders.flatMap(folder =>
  reportsIn(join(folder, 'released')).map(name => join(folder, name)),
);

it('the reports in the repository are those of the entries that there are', () => {
  expect(files.sort()).toEqual(reports.map(({ file }) => file).sort());
});

describe.each(reports)('the API of $entry', ({ file, text }) => {
  it('is as its report in the repository says; otherwise: npm run api', () => {
    expect(readReport(file)).toBe(text);
  });
});

// An entry that is gone since is one of them.
describe.each([...new Set([...files, ...releasedFiles])].map(file => relative(repository, file)))(
  '%s',
  path => {
    it('changes no more than the changesets tell', () => {
      const file = join(repository, path);
      const text = reports.find(report => report.file === file)?.text ?? null;
      const [before, after] = [repository, released().copy].map(
        root => readManifest(join(root, dirname(dirname(path)))).version,
      );
      expect(hiddenChange(file, text, before ?? '', after ?? '')).toBeNull();
    });
  },
);

describe('what a change needs', () => {
  const breaking = { breaking: ['a is gone'], added: [] };
  const added = { breaking: [], added: ['a'] };
  const none = { breaking: [], added: [] };
  it.each([
    ['1.2.3', breaking, 'major', ['none', 'patch', 'minor']],
    ['1.2.3', added, 'minor', ['none', 'patch']],
    ['0.2.3', breaking, 'minor', ['none', 'patch']],
    ['0.2.3', added, 'patch', ['none']],
    ['1.2.3', none, 'none', []],
  ] as const)('of %s is by semver', (version, changes, needed, tooLittle) => {
    expect(neededBump(changes, version)).toBe(needed);
    const all = ['none', 'patch', 'minor', 'major'] as const;
    expect(all.filter(bump => !isEnough(bump, needed))).toEqual(tooLittle);
  });

  it('is compared with the step between two versions', () => {
    const steps = ['1.2.3', '1.2.4', '1.3.0', '2.0.0'].map(version => bumpBetween('1.2.3', version));
    expect(steps).toEqual(['none', 'patch', 'minor', 'major']);
  });
});
