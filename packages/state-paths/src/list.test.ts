import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { parseIdentity } from '@bot-bottle/identity';
import { temporaryFolder } from '@bot-bottle/test-kit';
import {
  bottlePaths,
  checkBottleFolder,
  eachBottle,
  isReservationOnly,
  listForeign,
  listIdentities,
} from './index.js';

function rootWith(...bottles: string[]): string {
  const root = temporaryFolder();
  for (const name of bottles) mkdirSync(`${root}/state/${name}`, { recursive: true });
  return root;
}

describe('listIdentities', () => {
  it('lists real folders with the name of an identity, sorted; the rest is foreign', () => {
    const root = rootWith('b-00000', 'a-00001', 'a-00000', 'Not-An-Id', '.hidden');
    writeFileSync(`${root}/state/file-abcde`, '');
    symlinkSync(`${root}/state/a-00000`, `${root}/state/link-abcde`);
    symlinkSync('/nowhere', `${root}/state/dangling-abcde`);
    mkdirSync(Buffer.concat([Buffer.from(`${root}/state/`), Buffer.from([0xff, 0xfe])]));
    expect(listIdentities(root)).toEqual(['a-00000', 'a-00001', 'b-00000']);
    expect(Array.from(eachBottle(root), ({ identity }) => identity).sort()).toEqual(listIdentities(root));
    expect(listForeign(root)).toEqual([
      '.hidden',
      'Not-An-Id',
      'dangling-abcde',
      'file-abcde',
      'link-abcde',
      '\ufffd\ufffd',
    ]);
    // The naive list, of whatever stat(2) calls a folder, has the one that the link leads to twice.
    const naive = readdirSync(`${root}/state`).filter(name => existsSync(`${root}/state/${name}/.`));
    expect(naive).toEqual(expect.arrayContaining(['a-00000', 'link-abcde', '.hidden', 'Not-An-Id']));
  });

  it('finds nothing where there is nothing, and creates nothing', () => {
    const root = temporaryFolder();
    for (const path of [root, `${root}/absent`]) {
      expect(listIdentities(path)).toEqual([]);
      expect(listForeign(path)).toEqual([]);
    }
    expect(readdirSync(root)).toEqual([]);
    expect(existsSync(`${root}/absent`)).toBe(false);
  });

  it('follows a root that the operator linked', () => {
    const root = rootWith('a-00000');
    const link = `${temporaryFolder()}/link`;
    symlinkSync(root, link);
    expect(listIdentities(link)).toEqual(['a-00000']);
  });

  it('refuses a state/ that is a link or a file', () => {
    const real = rootWith('a-00000');
    const root = temporaryFolder();
    symlinkSync(`${real}/state`, `${root}/state`);
    expect(readdirSync(`${root}/state`)).toEqual(['a-00000']);
    expect(() => listIdentities(root)).toThrow(expect.objectContaining({ code: 'not-a-folder' }));
    const other = temporaryFolder();
    writeFileSync(`${other}/state`, '');
    expect(() => listIdentities(other)).toThrow(expect.objectContaining({ code: 'not-a-folder' }));
  });

  it('closes its handle when the reader stops early', () => {
    const root = rootWith('a-00000', 'b-00000');
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 50; round++) for (const _ of eachBottle(root)) break;
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});

describe('the folder of a bottle', () => {
  const identity = parseIdentity('claude-x7k2m');

  it('is absent or there', () => {
    expect(checkBottleFolder(bottlePaths(temporaryFolder(), identity))).toBe('absent');
    expect(checkBottleFolder(bottlePaths(rootWith(identity), identity))).toBe('folder');
  });

  // FAULTS row 21. The naive look, stat(2), follows the link: its target is the bottle, or the name is free.
  it('is refused when it is a link, dangling or not, or a file', () => {
    const target = temporaryFolder();
    const naive = (path: string) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? 'absent' : found.isDirectory() ? 'folder' : 'file';
    };
    const plants: [seen: string, plant: (path: string) => void][] = [
      ['folder', path => symlinkSync(target, path)],
      ['absent', path => symlinkSync('/nowhere/at/all', path)],
      ['file', path => writeFileSync(path, '')],
    ];
    for (const [seen, plant] of plants) {
      const root = rootWith();
      mkdirSync(`${root}/state`);
      const paths = bottlePaths(root, identity);
      plant(paths.folder);
      expect(naive(paths.folder)).toBe(seen);
      expect(() => checkBottleFolder(paths)).toThrow(
        expect.objectContaining({ code: 'not-a-folder', path: paths.folder }),
      );
      expect(() => isReservationOnly(paths)).toThrow(expect.objectContaining({ code: 'not-a-folder' }));
    }
  });

  // FAULTS row 11.
  it('is told to be a mere reservation until anything but a temporary stands in it', () => {
    const paths = bottlePaths(rootWith(identity), identity);
    expect(isReservationOnly(paths)).toBe(true);
    writeFileSync(`${paths.folder}/.metadata.json.tmp-1.2.3.4-abc`, '');
    expect(isReservationOnly(paths)).toBe(true);
    // The naive look, whether the folder is empty, takes the torn record of a killed start for a bottle.
    expect(readdirSync(paths.folder)).not.toEqual([]);
    for (const what of [paths.metadata, paths.preserve, paths.lease, paths.dockerfile]) {
      const other = bottlePaths(rootWith(identity), identity);
      writeFileSync(what.replace(paths.folder, other.folder), '');
      expect(isReservationOnly(other)).toBe(false);
    }
    expect(isReservationOnly(bottlePaths(temporaryFolder(), identity))).toBe(false);
  });
});
