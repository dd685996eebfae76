import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { liveConfigPaths } from './paths.js';
import type { LiveConfig } from './read.js';
import { watchLiveConfig } from './watch.js';
import { writeLiveConfig } from './write.js';

/** `refused`: fs.inotify.max_user_watches is used up. `silent`: the mount carries no events. */
let watching: 'refused' | 'silent' = 'refused';
let openFiles: 'some' | 'too many' = 'some';
jest.mock('node:fs', () => {
  const real = jest.requireActual<typeof import('node:fs')>('node:fs');
  const failure = (code: string) => Object.assign(new Error(code), { code, errno: -1 });
  return {
    ...real,
    watch: () => {
      if (watching === 'refused') throw failure('ENOSPC');
      return { on: () => undefined, close: () => undefined };
    },
    openSync: (...args: Parameters<typeof real.openSync>) => {
      if (openFiles === 'too many') throw failure('EMFILE');
      return real.openSync(...args);
    },
  };
});

function follow(pollMs?: number) {
  const paths = liveConfigPaths(join(temporaryFolder({ memory: true }), 'live-config'));
  mkdirSync(paths.liveConfig);
  const controller = new AbortController();
  const seen: LiveConfig[] = [];
  const errors: Error[] = [];
  let wake = () => {};
  const options = {
    signal: controller.signal,
    onError: (error: Error) => {
      errors.push(error);
      wake();
    },
    pollMs,
  };
  watchLiveConfig(
    paths,
    config => {
      seen.push(config);
      wake();
    },
    options,
  );
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  };
  return { paths, seen, errors, until, stop: () => controller.abort() };
}

describe('a watch that the kernel does not help', () => {
  it.each<[typeof watching, number | undefined, string]>([
    ['refused', undefined, 'every half second where it is refused (ENOSPC)'],
    ['silent', 20, 'as often as it was told where the mount carries no events'],
  ])('%s: looks, with pollMs %s, %s', async (kernel, pollMs, _promise) => {
    watching = kernel;
    const { paths, seen, errors, until, stop } = follow(pollMs);
    for (const allowlist of ['a.example', 'b.example']) {
      await writeLiveConfig(paths, { allowlist });
      await until(() => seen.at(-1)?.text.allowlist === allowlist);
    }
    stop();
    expect(errors).toEqual([]);
  });

  it('looks again by itself where a file could not be opened (EMFILE)', async () => {
    watching = 'silent';
    openFiles = 'too many';
    const { seen, errors, until, stop } = follow();
    await until(() => errors.length > 0);
    openFiles = 'some';
    await until(() => seen.length > 0);
    stop();
    expect(errors).toEqual([expect.objectContaining({ code: 'io', errno: 'EMFILE' })]);
    expect(seen).toEqual([expect.objectContaining({ generation: 0, allowlist: null })]);
  });
});
