import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { writeNameless } from './nameless-file.js';

describe('a file without a name', () => {
  it('is read whole by another process, however often', () => {
    const text = `TOKEN\0${'x'.repeat(200_000)}\0`;
    const file = writeNameless(text, temporaryFolder());
    for (let time = 0; time < 2; time++) {
      expect(execFileSync('cat', [file.path], { encoding: 'utf8', maxBuffer: 1e6 })).toBe(text);
    }
    file.close();
  });

  it('stands in no folder, and is gone when it is closed', () => {
    const folder = temporaryFolder();
    const before = readdirSync('/dev/shm');
    const file = writeNameless('secret', folder);
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync('/dev/shm')).toEqual(before);
    file.close();
    expect(existsSync(file.path)).toBe(false);
  });
});
