/** A tree with something precious beside it, to which a link in the tree leads. */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = ['a', 'b', 'c'];

/** Empties the folder and makes `tree` and `outside` in it; both have files of the same names. */
export function makeTree(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  const [tree, outside] = [join(folder, 'tree'), join(folder, 'outside')];
  mkdirSync(join(tree, 'sub', 'inner'), { recursive: true });
  for (const file of FILES) writeFileSync(join(tree, 'sub', file), file);
  writeFileSync(join(tree, 'sub', 'inner', 'file'), 'x');
  mkdirSync(outside);
  for (const file of FILES) writeFileSync(join(outside, file), 'precious');
  symlinkSync(outside, join(tree, 'link'));
}

export function expectOutsideIntact(folder: string): void {
  const outside = join(folder, 'outside');
  expect(readdirSync(outside)).toEqual(FILES);
  for (const file of FILES) expect(readFileSync(join(outside, file), 'utf8')).toBe('precious');
}
