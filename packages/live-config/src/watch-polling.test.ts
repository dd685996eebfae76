import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { liveConfigPaths } from './paths.js';
import type { LiveConfig } from './read.js';
import { watchLiveConfig } from './watch.js';
import { writeLiveConfig } from './write.js';

// The kernel's refusal when fs.inotify.max_user_watches is used up, and a mount that carries no events.
let refuses = true;
let asked = 0;
jest.mock('node:fs', () => {
  const real = jest.requireActual<typeof import('node:fs')>('node:fs');
  return {
    ...real,
    watch: (path: string) => {
      asked++;
      if (refuses)
        throw Object.assign(new Error(`ENOSPC: System limit reached, watch '${path}'`), { code: 'ENOSPC' });
      return { on: () => undefined, close: () => undefined };
    },
  };
});

describe('a watch that the kernel does not help', () => {
  const follow = async (pollMs?: number) => {
    const paths = liveConfigPaths(join(temporaryFolder({ memory: true }), 'live-config'));
    mkdirSync(paths.liveConfig);
    const controller = new AbortController();
    const errors: Error[] = [];
    const seen: LiveConfig[] = [];
    let wake: (() => void) | undefined;
    watchLiveConfig(
      paths,
      config => {
        seen.push(config);
        wake?.();
      },
      { signal: controller.signal, onError: error => errors.push(error), pollMs },
    );
    for (const allowlist of ['a.example', 'b.example']) {
      await writeLiveConfig(paths, { allowlist });
      while (seen.at(-1)?.text.allowlist !== allowlist) await new Promise<void>(resolve => (wake = resolve));
    }
    controller.abort();
    expect(asked).toBeGreaterThan(0);
    expect(errors).toEqual([]);
  };

  it('looks every half second where it is refused (ENOSPC)', async () => {
    refuses = true;
    await follow();
  });

  it('looks as often as it was told where the mount carries no events', async () => {
    refuses = false;
    await follow(20);
  });
});
