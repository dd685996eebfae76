import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { compareTrees } from './compare-trees.js';
import { patchOf } from './patch.js';

describe('the comparison of two trees', () => {
  let before: string;
  let after: string;
  beforeEach(() => {
    const top = temporaryFolder();
    [before, after] = [join(top, 'before'), join(top, 'after')];
    mkdirSync(before);
    mkdirSync(after);
  });

  const both = (name: string, text: string): void => {
    writeFileSync(join(before, name), text);
    writeFileSync(join(after, name), text);
  };
  const changes = (): string[] =>
    [...compareTrees(before, after)].map(({ kind, type, path }) => `${kind} ${type} ${path}`);

  const patch = (): string => {
    let text = '';
    for (const change of compareTrees(before, after)) text += patchOf(change);
    return text;
  };

  it('finds nothing between equal trees', () => {
    both('same', 'text');
    expect(changes()).toEqual([]);
  });

  it('sees a change that keeps the size and forges the times', () => {
    both('file', 'before');
    writeFileSync(join(after, 'file'), 'AFTER!');
    for (const folder of [before, after]) utimesSync(join(folder, 'file'), 1, 1);
    expect(changes()).toEqual(['modified file file']);
  });

  it('says of a kind that changed that one went and one came', () => {
    writeFileSync(join(before, 'it'), '');
    mkdirSync(join(after, 'it'));
    writeFileSync(join(after, 'it', 'inner'), '');
    expect(changes()).toEqual(['removed file it', 'added folder it', 'added file it/inner']);
  });

  it('does not look behind a link', () => {
    mkdirSync(join(before, 'folder'));
    writeFileSync(join(before, 'folder', 'inner'), 'inner');
    symlinkSync(join(before, 'folder'), join(after, 'folder'));
    symlinkSync('/etc', join(after, 'etc'));
    expect(changes()).toEqual([
      'added link etc',
      'removed folder folder',
      'removed file folder/inner',
      'added link folder',
    ]);
  });

  it('is not held up by a FIFO', () => {
    writeFileSync(join(before, 'pipe'), 'text');
    execFileSync('mkfifo', [join(after, 'pipe'), join(after, 'other')]);
    expect(changes()).toEqual(['added other other', 'removed file pipe', 'added other pipe']);
  });

  it('reads a name that is no UTF-8', () => {
    const name = Buffer.concat([Buffer.from(`${after}/`), Buffer.of(0xff, 0x41)]);
    writeFileSync(name, 'text');
    expect(changes()).toEqual(['added file \ufffdA']);
  });

  it('refuses a tree that only an attack is so deep', () => {
    execFileSync('sh', [
      '-c',
      'cd "$1" && i=0 && while [ $i -lt 600 ]; do mkdir d && cd d; i=$((i+1)); done',
      'sh',
      after,
    ]);
    expect(() => changes()).toThrow(expect.objectContaining({ code: 'too-deep' }));
  });

  it('makes patches that git applies: text, a new file, a removed one, a mode, a link', () => {
    both('text', 'one\ntwo\nthree\n');
    writeFileSync(join(after, 'text'), 'one\n2\nthree'); // and no newline at the end
    writeFileSync(join(before, 'gone'), 'gone\n');
    writeFileSync(join(after, 'new "quoted" ä'), 'new\n');
    both('run', '#!/bin/sh\n');
    chmodSync(join(after, 'run'), 0o755);
    symlinkSync('text', join(after, 'link'));
    execFileSync('git', ['apply', '-'], { cwd: before, input: patch() });
    expect(changes()).toEqual([]);
  });

  it('shows no lines of what is no text', () => {
    writeFileSync(join(after, 'binary'), Buffer.of(1, 0, 2));
    expect(patch()).toMatch(/b\/binary\nnew file mode 100644\nBinary files differ\n$/);
  });
});
