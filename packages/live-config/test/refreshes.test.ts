/** FAULTS.md row 27, in processes of their own: 10,000 refreshes of both files, read directly and through a read-only folder mount. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, runAsync, temporaryFolder } from '@bot-bottle/test-kit';
import { liveConfigPaths, writeLiveConfig } from '../src/index.js';
import { live } from './built.js';

const REFRESHES = 10_000;

/** Reads until the last refresh: how many reads, in how many the two files were of one generation, and in how many not. */
const READER = `
  const paths = liveConfigPaths(args[0]);
  const last = Number(args[1]);
  const number = text => Number(/n(\\d+)/.exec(text)[1]);
  const result = { reads: 0, generations: 0, wrong: [], naiveMixtures: 0 };
  for (let seen = 0; seen < last; ) {
    const { generation, edited, text } = readLiveConfig(paths);
    const [a, r] = [number(text.allowlist), number(text.routes)];
    if (edited || a !== generation || r !== generation || generation < seen) result.wrong.push([seen, generation, a, r, edited]);
    if (generation > seen) result.generations++;
    seen = generation;
    result.reads++;
    if (result.reads % 4 === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4); // lets the writer have a core
    const naive = [paths.allowlist, paths.routes].map(path => number(fs.readFileSync(path, 'utf8')));
    if (naive[0] !== naive[1]) result.naiveMixtures++;
  }
  return result;`;

const WATCHER = `
  const result = { delivered: 0, wrong: [] };
  await new Promise((resolve, reject) => {
    const controller = new AbortController();
    let seen = 0;
    watchLiveConfig(liveConfigPaths(args[0]), ({ generation, edited, text }) => {
      result.delivered++;
      if (edited || generation <= seen || !text.allowlist.includes('n' + generation + '.') || !text.routes.includes('n' + generation + '.')) result.wrong.push(generation);
      seen = generation;
      if (generation === Number(args[1])) { controller.abort(); resolve(); }
    }, { signal: controller.signal, onError: reject });
  });
  return result;`;

const WRITER = `
  const paths = liveConfigPaths(args[0]);
  for (let n = 2; n <= Number(args[1]); n++) {
    const { generation } = await writeLiveConfig(paths, { allowlist: 'n' + n + '.example', routes: 'routes: [] # n' + n + '.' });
    if (generation !== n) throw new Error(generation + ' is not ' + n);
  }`;

/** Sees the folder at /mnt/live-config, read-only, in a PID namespace of its own, where it can tell nothing of the writer. */
function mounted(folder: string, command: readonly string[], ...more: string[]): string[] {
  const mounts = ['--tmpfs', '/mnt', '--ro-bind', folder, '/mnt/live-config', ...more];
  return [
    'bwrap',
    '--ro-bind',
    '/',
    '/',
    '--dev',
    '/dev',
    '--unshare-pid',
    '--proc',
    '/proc',
    ...mounts,
    '--',
    ...command,
  ];
}

describeWith('bwrap', 'readers of 10,000 refreshes of both files', () => {
  it('see one whole generation each time, also through a read-only mount of the folder', async () => {
    const folder = join(temporaryFolder({ memory: true }), 'live-config');
    const paths = liveConfigPaths(folder);
    await writeLiveConfig(paths, { allowlist: 'n1.example', routes: 'routes: [] # n1.' });
    const last = String(REFRESHES);
    const inside = '/mnt/live-config';
    const outcomes = await Promise.all(
      [
        live(READER, folder, last),
        mounted(folder, live(READER, inside, last)),
        mounted(folder, live(READER, inside, last)),
        mounted(folder, live(WATCHER, inside, last)),
        // The control: a mount of the single file stays on the inode that it was given.
        mounted(
          folder,
          live(
            `${READER.replace('return result', 'return fs.readFileSync("/mnt/file", "utf8")')}`,
            inside,
            last,
          ),
          ...['--ro-bind', paths.allowlist, '/mnt/file'],
        ),
        live(`${WRITER}`, folder, last),
      ].map(command => runAsync(command, { timeout: 180 })),
    );
    expect(outcomes.map(({ stderr, status }) => ({ stderr, status }))).toEqual(
      outcomes.map(() => ({ stderr: '', status: 0 })),
    );
    const [direct, first, second, watcher, control] = outcomes.map(({ stdout }) =>
      JSON.parse(stdout || 'null'),
    );
    for (const reader of [direct, first, second]) {
      expect(reader.wrong).toEqual([]);
      expect(reader.generations).toBeGreaterThan(100);
    }
    // What the naive reader, who takes the two files as they are, saw meanwhile.
    expect(direct.naiveMixtures + first.naiveMixtures + second.naiveMixtures).toBeGreaterThan(0);
    expect(watcher.wrong).toEqual([]);
    expect(watcher.delivered).toBeGreaterThan(100);
    expect(control).toBe('n1.example');
    expect(readFileSync(paths.allowlist, 'utf8')).toBe(`n${last}.example`);
    if (process.env['BOT_BOTTLE_FIGURES']) console.log(outcomes.map(o => o.stdout));
  }, 200_000);
});
