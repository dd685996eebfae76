import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { checkRoom, type FileSystem } from './room.js';

const MIB = 1024 ** 2;
const ROOMY: FileSystem = { bsize: MIB, bavail: 10_240, files: 1_000_000, ffree: 900_000 };

describe('checkRoom', () => {
  it('looks at the disk where the root will lie, while there is none', () => {
    const folder = temporaryFolder();
    const looked: string[] = [];
    const finding = checkRoom({ root: join(folder, 'not/made/yet') }, path => {
      looked.push(path);
      return ROOMY;
    });
    expect(looked).toEqual([folder]);
    expect(finding).toEqual({ check: 'disk', level: 'ok', fact: '10 GiB are free', try: null });
  });

  it.each([
    ['bytes', { ...ROOMY, bavail: 255 }, '255 MiB are free'],
    ['files', { ...ROOMY, ffree: 12 }, 'room for 12 files is left'],
  ])('warns where few %s are left, and says how to make room', (_, fileSystem, fact) => {
    expect(checkRoom({ root: temporaryFolder() }, () => fileSystem)).toEqual({
      check: 'disk',
      level: 'warn',
      fact: `${fact} where the root folder lies; a start may fail`,
      try: 'bot-bottle prune',
    });
  });

  it('does not count files where the file system has no limit of its own (btrfs)', () => {
    expect(checkRoom({ root: temporaryFolder() }, () => ({ ...ROOMY, files: 0, ffree: 0 })).level).toBe('ok');
  });

  it('reads the numbers of a real disk', () => {
    expect(checkRoom({ root: temporaryFolder() }).fact).toMatch(
      /^[\d.]+ [KMGT]?i?B are free|^room for \d+ files/,
    );
  });
});
