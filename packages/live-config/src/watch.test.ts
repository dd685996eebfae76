import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { digest, encodeUndo } from './generation.js';
import { type LiveConfigPaths, liveConfigPaths, undoPath } from './paths.js';
import type { LiveConfig } from './read.js';
import { watchLiveConfig } from './watch.js';
import { writeLiveConfig } from './write.js';

const watches: AbortController[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.abort();
});

/** A watch, and a way to wait for what it is to deliver. */
function watched(paths: LiveConfigPaths, pollMs?: number) {
  const seen: LiveConfig[] = [];
  const errors: Error[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of waiting) look();
  };
  const controller = new AbortController();
  watches.push(controller);
  watchLiveConfig(
    paths,
    config => {
      seen.push(config);
      wake();
    },
    {
      signal: controller.signal,
      onError: error => {
        errors.push(error);
        wake();
      },
      pollMs,
    },
  );
  const until = (condition: () => boolean) =>
    new Promise<void>(resolve => {
      const look = () => {
        if (!condition()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const last = () => seen.at(-1);
  const untilText = (text: string | null) => until(() => last()?.text.allowlist === text);
  return { seen, errors, until, untilText, last, stop: () => controller.abort() };
}

const freshPaths = () => liveConfigPaths(join(temporaryFolder({ memory: true }), 'bottle', 'live-config'));

function freshFolder() {
  const paths = freshPaths();
  mkdirSync(paths.liveConfig, { recursive: true });
  return paths;
}

describe('watchLiveConfig', () => {
  it('delivers the present policy, and each further one', async () => {
    const paths = freshFolder();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const { untilText, seen } = watched(paths);
    await untilText('a.example');
    await writeLiveConfig(paths, { allowlist: 'b.example' });
    await untilText('b.example');
    await writeLiveConfig(paths, { allowlist: 'c.example', routes: [] });
    await untilText('c.example');
    expect(seen.map(({ generation, edited }) => [generation, edited])).toEqual([
      [1, false],
      [2, false],
      [3, false],
    ]);
  });

  it('delivers the last of 100 rapid replaces, each generation at most once and in order', async () => {
    const paths = freshFolder();
    const { until, last, seen } = watched(paths);
    for (let i = 1; i <= 100; i++)
      await writeLiveConfig(paths, { allowlist: `h${i}.example`, routes: `routes: [] # h${i}.example` });
    await until(() => last()?.generation === 100);
    expect(last()?.text).toEqual({ allowlist: 'h100.example', routes: 'routes: [] # h100.example' });
    const generations = seen.map(({ generation }) => generation);
    expect(generations).toEqual([...new Set(generations)].sort((a, b) => a - b));
  });

  it('sees a folder that appears later, goes, and comes back', async () => {
    const paths = freshPaths();
    const { untilText, seen } = watched(paths);
    await untilText(null);
    mkdirSync(paths.liveConfig, { recursive: true });
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    await untilText('a.example');
    rmSync(join(paths.liveConfig, '..'), { recursive: true });
    await untilText(null);
    mkdirSync(paths.liveConfig, { recursive: true });
    await writeLiveConfig(paths, { allowlist: 'b.example' });
    await untilText('b.example');
    await writeLiveConfig(paths, { allowlist: 'c.example' });
    await untilText('c.example');
    expect(seen[0]).toMatchObject({ generation: 0, allowlist: null, routes: null });
  });

  it('follows the path when another folder takes its place', async () => {
    const paths = freshFolder();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const other = liveConfigPaths(`${paths.liveConfig}.other`);
    await writeLiveConfig(other, { allowlist: 'b.example' });
    const { untilText } = watched(paths);
    await untilText('a.example');
    renameSync(paths.liveConfig, `${paths.liveConfig}.old`);
    renameSync(other.liveConfig, paths.liveConfig);
    await untilText('b.example');
    await writeLiveConfig(paths, { allowlist: 'c.example' });
    await untilText('c.example');
  });

  it('follows the path when the folder above is moved aside, as before a removal', async () => {
    const paths = freshFolder();
    const bottle = join(paths.liveConfig, '..');
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const { untilText } = watched(paths);
    await untilText('a.example');
    renameSync(bottle, `${bottle}.aside`);
    await untilText(null);
    mkdirSync(paths.liveConfig, { recursive: true });
    await writeLiveConfig(paths, { allowlist: 'b.example' });
    await untilText('b.example');
  });

  it('takes an edit by hand, and not the empty file that the editor makes first', async () => {
    const paths = freshFolder();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const { untilText, seen } = watched(paths);
    await untilText('a.example');
    writeFileSync(paths.allowlist, '');
    // The watcher has looked at the empty file, in this turn of the loop or the next.
    await new Promise(resolve => setTimeout(resolve, 10));
    writeFileSync(paths.allowlist, 'hand.example');
    await untilText('hand.example');
    expect(seen.map(({ text, edited }) => [text.allowlist, edited])).toEqual([
      ['a.example', false],
      ['hand.example', true],
    ]);
  });

  it('keeps the last good policy in force while a file is bad, and says so once', async () => {
    const paths = freshFolder();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const { until, untilText, seen, errors } = watched(paths);
    await untilText('a.example');
    writeFileSync(paths.allowlist, 'a.example\n  *');
    await until(() => errors.length > 0);
    writeFileSync(paths.routes, 'routes: []');
    writeFileSync(paths.allowlist, 'c.example');
    await untilText('c.example');
    expect(errors).toEqual([expect.objectContaining({ code: 'bad-allowlist', line: 2, column: 3 })]);
    expect(seen.map(({ text }) => text.allowlist)).toEqual(['a.example', 'c.example']);
  });

  it('delivers nothing of a write that was cut short', async () => {
    const paths = freshFolder();
    await writeLiveConfig(paths, { allowlist: 'a.example', routes: 'routes: [] # a' });
    const { untilText, seen } = watched(paths);
    await untilText('a.example');
    const before = { allowlist: Buffer.from('a.example'), routes: Buffer.from('routes: [] # a') };
    const after = {
      allowlist: digest(Buffer.from('b.example')),
      routes: digest(Buffer.from('routes: [] # b')),
    };
    writeFileSync(undoPath(paths), encodeUndo({ generation: 1, before, after }));
    writeFileSync(paths.allowlist, 'b.example');
    await new Promise(resolve => setTimeout(resolve, 150));
    await writeLiveConfig(paths, { allowlist: 'c.example' });
    await untilText('c.example');
    expect(seen.map(({ text }) => text)).toEqual([
      { allowlist: 'a.example', routes: 'routes: [] # a' },
      { allowlist: 'c.example', routes: 'routes: [] # a' },
    ]);
  });

  it('goes on after something unreadable has passed', async () => {
    const paths = freshFolder();
    mkdirSync(paths.allowlist);
    const { until, untilText, errors } = watched(paths);
    await until(() => errors.length > 0);
    rmSync(paths.allowlist, { recursive: true });
    writeFileSync(paths.allowlist, 'a.example');
    await untilText('a.example');
    expect(errors).toEqual([expect.objectContaining({ code: 'not-a-file' })]);
  });

  it('says nothing more once it was ended, and nothing where it was ended before', async () => {
    const paths = freshFolder();
    const { untilText, seen, stop } = watched(paths);
    await untilText(null);
    stop();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const ended = watched(paths);
    ended.stop();
    const control = watched(paths);
    await control.untilText('a.example');
    expect(seen).toHaveLength(1);
    expect(ended.seen).toEqual([]);
  });
});
