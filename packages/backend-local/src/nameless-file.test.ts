import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
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
    const file = writeNameless('secret', folder);
    expect(statSync(file.path).nlink).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    file.close();
    expect(existsSync(file.path)).toBe(false);
  });
});
