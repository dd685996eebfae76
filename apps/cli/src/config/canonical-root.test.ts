import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { canonicalRoot } from './canonical-root.js';

describe('the spelling of a root', () => {
  it('is the same through a link above it, also while it is not there', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync('real', join(folder, 'link'));
    for (const below of ['root', 'not/there/root']) {
      const real = join(folder, 'real', below);
      expect(canonicalRoot(join(folder, 'link', below))).toBe(real);
      expect(canonicalRoot(real)).toBe(real);
    }
  });

  it('keeps a link in its own place, which is to be refused, and one that leads nowhere', () => {
    const folder = temporaryFolder();
    symlinkSync('/', join(folder, 'root'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    for (const name of ['root', 'dangling/root'])
      expect(canonicalRoot(join(folder, name))).toBe(join(folder, name));
    expect(canonicalRoot('/')).toBe('/');
  });
});
