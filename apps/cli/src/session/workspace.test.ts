import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { checkWorkspace } from './workspace.js';

describe('the folder to work on', () => {
  it('is said to be absent only where it is', () => {
    const [root, folder] = [temporaryFolder(), temporaryFolder()];
    const [absent, loop] = [join(folder, 'absent'), join(folder, 'loop')];
    symlinkSync(loop, loop);
    const check = (source: string) => () => checkWorkspace(root, { kind: 'mount', source });
    expect(check(absent)).toThrow(
      expect.objectContaining({
        code: 'workspace-missing',
        message: `there is no folder ${absent}; expected one to mount`,
      }),
    );
    expect(check(loop)).toThrow(
      expect.objectContaining({
        code: 'workspace-missing',
        message: expect.stringMatching(/loop cannot be reached \(ELOOP: .*\); expected one to mount$/),
      }),
    );
    expect(check(folder)()).toEqual({ kind: 'mount', source: folder });
  });
});
