import { spawnSync } from 'node:child_process';
import { edit, shellWord } from './shell-word.js';

describe('shellWord', () => {
  it.each(['', 'a b', "it's", '$HOME', '~/x', '-rf', 'a\nb', '*', 'ünï', '`id`', '\\'])(
    'is read as %j by a shell',
    text => {
      const { stdout } = spawnSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' });
      expect(stdout).toBe(text);
    },
  );

  it('leaves an ordinary path as it is', () => {
    expect(shellWord('/home/me/.bot-bottle')).toBe('/home/me/.bot-bottle');
  });
});

describe('edit', () => {
  it('opens the file in the editor of the operator', () => {
    const { stdout } = spawnSync('sh', ['-c', edit('/a b')], {
      encoding: 'utf8',
      env: { EDITOR: '/bin/echo' },
    });
    expect(stdout).toBe('/a b\n');
  });
});
