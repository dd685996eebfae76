import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { contentsOf } from './contents.js';

/** A Dockerfile and a context of a file, a folder and a link. */
function made() {
  const folder = temporaryFolder();
  const context = join(folder, 'context');
  const dockerfile = join(folder, 'Dockerfile');
  mkdirSync(join(context, 'below'), { recursive: true });
  writeFileSync(dockerfile, 'FROM base\n');
  writeFileSync(join(context, 'one'), 'text');
  writeFileSync(join(context, 'below/two'), 'text');
  symlinkSync('one', join(context, 'link'));
  const digest = () => contentsOf({ name: 'test', dockerfile, context });
  return { folder, context, dockerfile, digest, inside: (name: string) => join(context, name) };
}

describe('the digest of what an image is made of', () => {
  it('is the same for the same contents elsewhere, whenever they were written and read', async () => {
    const [one, two] = [made(), made()];
    utimesSync(two.inside('one'), 1, 1);
    rmSync(two.inside('below/two'));
    writeFileSync(two.inside('below/two'), 'text');
    expect(await two.digest()).toBe(await one.digest());
    expect(await one.digest()).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each<[string, (bench: ReturnType<typeof made>) => void]>([
    ['the Dockerfile', ({ dockerfile }) => writeFileSync(dockerfile, 'FROM other\n')],
    [
      'what BuildKit finds beside the Dockerfile',
      ({ dockerfile }) => writeFileSync(`${dockerfile}.dockerignore`, 'one\n'),
    ],
    ['a file', ({ inside }) => writeFileSync(inside('below/two'), 'else')],
    ['the mode of a file', ({ inside }) => chmodSync(inside('one'), 0o755)],
    ['the mode of a folder', ({ inside }) => chmodSync(inside('below'), 0o700)],
    ['the name of a file', ({ inside }) => renameSync(inside('one'), inside('three'))],
    ['the place of a file', ({ inside }) => renameSync(inside('below/two'), inside('two'))],
    ['a new file', ({ inside }) => linkSync(inside('one'), inside('three'))],
    ['an empty folder', ({ inside }) => mkdirSync(inside('empty'))],
    [
      'where a link leads',
      ({ inside }) => {
        rmSync(inside('link'));
        symlinkSync('below', inside('link'));
      },
    ],
    [
      'a link in the place of what it leads to',
      ({ inside }) => {
        rmSync(inside('link'));
        writeFileSync(inside('link'), 'text');
      },
    ],
    [
      'a cut between two files',
      ({ inside }) => {
        writeFileSync(inside('one'), 'tex');
        writeFileSync(inside('below/two'), 'ttext');
      },
    ],
  ])('is another for a change of %s', async (_, change) => {
    const bench = made();
    const before = await bench.digest();
    change(bench);
    expect(await bench.digest()).not.toBe(before);
  });

  it('reads nothing that a link leads to, and waits for no pipe', async () => {
    const bench = made();
    const outside = join(bench.folder, 'outside');
    writeFileSync(outside, 'before');
    symlinkSync(outside, bench.inside('outside'));
    const before = await bench.digest();
    writeFileSync(outside, 'after');
    execFileSync('mkfifo', [bench.inside('pipe')]);
    expect(await bench.digest()).toBe(before);
  });

  it('refuses what cannot be read, and says what', async () => {
    const { dockerfile, context } = made();
    const absent = join(context, 'absent');
    await expect(contentsOf({ name: 'test', dockerfile, context: absent })).rejects.toMatchObject({
      code: 'bad-spec',
      message: expect.stringContaining(absent),
    });
  });
});
