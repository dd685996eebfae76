import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { newBottle } from '../test/bottle.js';
import { clearPreserved, isPreserved, markPreserved } from './marker.js';

const naiveMark = ({ preserve }: BottlePaths) => writeFileSync(preserve, '');

describe('the marker', () => {
  it('is an empty file that anyone may read, and nothing else in the folder', async () => {
    const paths = newBottle();
    const umask = process.umask(0o077);
    try {
      await markPreserved(paths);
    } finally {
      process.umask(umask);
    }
    expect(readdirSync(paths.folder)).toEqual(['.preserve']);
    const { size, mode } = lstatSync(paths.preserve);
    expect({ size, mode: mode & 0o7777 }).toEqual({ size: 0, mode: 0o644 });
  });

  it('is set and cleared any number of times', async () => {
    const paths = newBottle();
    expect(isPreserved(paths)).toBe(false);
    expect(await clearPreserved(paths)).toBe(false);
    await markPreserved(paths);
    await markPreserved(paths);
    expect(isPreserved(paths)).toBe(true);
    expect(await clearPreserved(paths)).toBe(true);
    expect(await clearPreserved(paths)).toBe(false);
    expect(isPreserved(paths)).toBe(false);
  });

  it('cannot be had for a bottle that is not there, and creates none', async () => {
    const paths = newBottle();
    rmdirSync(paths.folder);
    await expect(markPreserved(paths)).rejects.toMatchObject({ code: 'no-such-bottle', path: paths.folder });
    expect(existsSync(paths.folder)).toBe(false);
    expect(await clearPreserved(paths)).toBe(false);
    expect(isPreserved(paths)).toBe(false);
  });

  it('is refused where the bottle is a link, whose target stays as it is', async () => {
    const paths = newBottle();
    const outside = temporaryFolder();
    rmdirSync(paths.folder);
    symlinkSync(outside, paths.folder);
    await expect(markPreserved(paths)).rejects.toMatchObject({ code: 'not-a-folder' });
    await expect(clearPreserved(paths)).rejects.toMatchObject({ code: 'not-a-folder' });
    expect(readdirSync(outside)).toEqual([]);
    naiveMark(paths);
    expect(readdirSync(outside)).toEqual(['.preserve']);
  });

  it.each(['a file outside', 'nothing at all'])(
    'replaces a link to %s that is planted in its place',
    async target => {
      const paths = newBottle();
      const outside = join(temporaryFolder(), 'outside');
      if (target === 'a file outside') {
        writeFileSync(outside, 'secret');
        chmodSync(outside, 0o600);
      }
      symlinkSync(outside, paths.preserve);
      expect(isPreserved(paths)).toBe(true);
      await markPreserved(paths);
      expect(lstatSync(paths.preserve).isFile()).toBe(true);
      expect(existsSync(outside)).toBe(target === 'a file outside');
      if (existsSync(outside)) expect(lstatSync(outside)).toMatchObject({ size: 6, mode: 0o100600 });

      const other = newBottle();
      symlinkSync(outside, other.preserve);
      naiveMark(other);
      expect(lstatSync(outside)).toMatchObject({ size: 0 });
    },
  );

  it('removes a planted link when it is cleared, not its target', async () => {
    const paths = newBottle();
    const outside = temporaryFolder();
    symlinkSync(outside, paths.preserve);
    expect(await clearPreserved(paths)).toBe(true);
    expect(existsSync(outside)).toBe(true);
    expect(readdirSync(paths.folder)).toEqual([]);
  });

  it('counts when a folder lies in its place, and says why that cannot be cleared', async () => {
    const paths = newBottle();
    mkdirSync(paths.preserve);
    expect(isPreserved(paths)).toBe(true);
    await markPreserved(paths);
    await expect(clearPreserved(paths)).rejects.toMatchObject({ code: 'bad-marker', path: paths.preserve });
    expect(isPreserved(paths)).toBe(true);
  });

  it('waits for a clean-up that puts the folder back, and is then true', async () => {
    const paths = newBottle();
    const aside = join(paths.root, 'state', `.removing-${paths.identity}-0123456789abcdef`);
    renameSync(paths.folder, aside);
    const marked = markPreserved(paths);
    renameSync(aside, paths.folder);
    await marked;
    expect(isPreserved(paths)).toBe(true);
  });
});
