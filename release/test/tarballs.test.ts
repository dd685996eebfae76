import { fileURLToPath } from 'node:url';
import { succeed } from '../src/programs.ts';
import { released } from '../src/released.ts';

const { releases } = released();
const linter = fileURLToPath(new URL('../src/lint-tarball.ts', import.meta.url));

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
