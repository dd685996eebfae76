import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { digest, encodeUndo } from './generation.js';
import { liveConfigPaths, undoPath } from './paths.js';
import { readLiveConfig } from './read.js';
import { writeLiveConfig } from './write.js';

function freshPaths() {
  return liveConfigPaths(join(temporaryFolder({ memory: true }), 'live-config'));
}

const bytes = (text: string) => Buffer.from(text);

describe('writeLiveConfig', () => {
  it('writes both files, and last the generation with their digests', async () => {
    const paths = freshPaths();
    expect(
      await writeLiveConfig(paths, { allowlist: 'a.example # why\n', routes: [{ host: 'a.example' }] }),
    ).toEqual({ generation: 1 });
    expect(readdirSync(paths.liveConfig).sort()).toEqual(['allowlist', 'generation.json', 'routes.yaml']);
    expect(readFileSync(paths.allowlist, 'utf8')).toBe('a.example # why\n');
    expect(readFileSync(paths.routes, 'utf8')).toBe('routes:\n  - host: a.example\n');
    expect(JSON.parse(readFileSync(paths.generation, 'utf8'))).toEqual({
      generation: 1,
      allowlist: digest(readFileSync(paths.allowlist)),
      routes: digest(readFileSync(paths.routes)),
    });
    expect(statSync(paths.allowlist).mode & 0o777).toBe(0o644);
  });

  it('leaves a file alone where nothing or an empty string was passed', async () => {
    const paths = freshPaths();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    await writeLiveConfig(paths, { allowlist: '', routes: 'routes: []' });
    await writeLiveConfig(paths, { allowlist: undefined, routes: '' });
    expect(readLiveConfig(paths)).toMatchObject({
      generation: 2,
      edited: false,
      allowlist: [{ host: 'a.example' }],
      routes: [],
    });
  });

  it('says nobody with an empty list, and with a text without entries', async () => {
    const paths = freshPaths();
    await writeLiveConfig(paths, { allowlist: [], routes: [] });
    expect(readLiveConfig(paths)).toMatchObject({ allowlist: [], routes: [] });
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    await writeLiveConfig(paths, { allowlist: '# nobody' });
    expect(readLiveConfig(paths)).toMatchObject({ generation: 3, allowlist: [] });
  });

  it('does not write again what is there already', async () => {
    const paths = freshPaths();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const inode = statSync(paths.allowlist).ino;
    expect(await writeLiveConfig(paths, { allowlist: 'a.example' })).toEqual({ generation: 1 });
    expect(statSync(paths.allowlist).ino).toBe(inode);
  });

  it('writes neither file where one of the two is bad', async () => {
    const paths = freshPaths();
    const both = { allowlist: 'a.example', routes: 'routes: 1' };
    await expect(writeLiveConfig(paths, both)).rejects.toMatchObject({
      code: 'bad-routes',
      line: 1,
      column: 9,
    });
    await expect(writeLiveConfig(paths, { ...both, allowlist: '*' })).rejects.toMatchObject({
      code: 'bad-allowlist',
    });
    expect(readLiveConfig(paths)).toMatchObject({ generation: 0, allowlist: null, routes: null });
  });

  it('makes the folder, for a mount to find, also where nothing was passed', async () => {
    const paths = freshPaths();
    expect(await writeLiveConfig(paths, {})).toEqual({ generation: 0 });
    expect(readdirSync(paths.liveConfig)).toEqual([]);
  });

  it('keeps the folder itself, so that a mount of it goes on', async () => {
    const paths = freshPaths();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const inode = statSync(paths.liveConfig).ino;
    await writeLiveConfig(paths, { allowlist: 'b.example', routes: [] });
    expect(statSync(paths.liveConfig).ino).toBe(inode);
  });

  it('refuses a folder that is a link', async () => {
    const paths = freshPaths();
    const elsewhere = temporaryFolder({ memory: true });
    symlinkSync(elsewhere, paths.liveConfig);
    await expect(writeLiveConfig(paths, { allowlist: 'a.example' })).rejects.toMatchObject({
      code: 'not-a-folder',
    });
    expect(readdirSync(elsewhere)).toEqual([]);
    // The naive way makes the folder unless stat(2) finds one, and writes there.
    mkdirSync(paths.liveConfig, { recursive: true });
    writeFileSync(paths.allowlist, 'a.example');
    expect(readdirSync(elsewhere)).toEqual(['allowlist']);
  });

  it('replaces a link planted at a file, and never writes through it', async () => {
    const paths = freshPaths();
    const secret = join(temporaryFolder({ memory: true }), 'secret');
    writeFileSync(secret, 'untouched');
    mkdirSync(paths.liveConfig);
    symlinkSync(secret, paths.generation);
    await expect(writeLiveConfig(paths, { allowlist: 'a.example' })).rejects.toMatchObject({
      code: 'not-a-file',
    });
    rmSync(paths.generation);
    symlinkSync(secret, undoPath(paths));
    await expect(writeLiveConfig(paths, { allowlist: 'a.example' })).rejects.toMatchObject({
      code: 'not-a-file',
    });
    rmSync(undoPath(paths));
    symlinkSync(secret, paths.allowlist);
    symlinkSync(secret, paths.routes);
    await expect(writeLiveConfig(paths, { allowlist: 'a.example' })).rejects.toMatchObject({
      code: 'not-a-file',
    });
    expect(readFileSync(secret, 'utf8')).toBe('untouched');
    writeFileSync(paths.allowlist, 'a.example');
    expect(readFileSync(secret, 'utf8')).toBe('a.example');
  });

  it('writes only over the revision that was read, where that is asked for', async () => {
    const paths = freshPaths();
    await writeLiveConfig(paths, { allowlist: 'a.example' });
    const { revision } = readLiveConfig(paths);
    writeFileSync(paths.allowlist, 'hand.example');
    const mine = { allowlist: 'mine.example' };
    await expect(writeLiveConfig(paths, mine, { expectRevision: revision })).rejects.toMatchObject({
      code: 'revision-moved',
    });
    expect(readLiveConfig(paths).allowlist).toEqual([{ host: 'hand.example' }]);
    const now = readLiveConfig(paths).revision;
    expect(await writeLiveConfig(paths, mine, { expectRevision: now })).toEqual({ generation: 2 });
  });

  it('loses no update of twenty writers at once that each read, add and write with the revision', async () => {
    const paths = freshPaths();
    const add = async (host: string): Promise<void> => {
      const { revision, allowlist } = readLiveConfig(paths);
      try {
        await writeLiveConfig(
          paths,
          { allowlist: [...(allowlist ?? []), { host }] },
          { expectRevision: revision },
        );
      } catch (error) {
        if (!(error instanceof Error) || !('code' in error) || error.code !== 'revision-moved') throw error;
        await add(host);
      }
    };
    const hosts = Array.from({ length: 20 }, (_, i) => `h${i}.example`);
    await Promise.all(hosts.map(add));
    const { generation, allowlist } = readLiveConfig(paths);
    expect(generation).toBe(20);
    expect(allowlist?.map(entry => entry.host).sort()).toEqual([...hosts].sort());
  });

  it('takes a file that was changed by hand into the next generation', async () => {
    const paths = freshPaths();
    await writeLiveConfig(paths, { allowlist: 'a.example', routes: [] });
    writeFileSync(paths.allowlist, 'hand.example');
    expect(readLiveConfig(paths)).toMatchObject({ generation: 1, edited: true });
    expect(await writeLiveConfig(paths, {})).toEqual({ generation: 2 });
    expect(readLiveConfig(paths)).toMatchObject({
      generation: 2,
      edited: false,
      allowlist: [{ host: 'hand.example' }],
    });
  });

  it('writes routes beside an allowlist that somebody broke by hand', async () => {
    const paths = freshPaths();
    mkdirSync(paths.liveConfig);
    writeFileSync(paths.allowlist, Buffer.from([0x61, 0xff, 0x0a]));
    await writeLiveConfig(paths, { routes: [] });
    expect(readFileSync(paths.allowlist)).toEqual(Buffer.from([0x61, 0xff, 0x0a]));
    expect(() => readLiveConfig(paths)).toThrow(
      expect.objectContaining({ code: 'bad-allowlist', line: 1, column: 2 }),
    );
  });
});

describe('a write that was cut short', () => {
  /** What lies there when a writer of b over a was killed between the two files. */
  async function cutShort() {
    const paths = freshPaths();
    await writeLiveConfig(paths, { allowlist: 'a.example', routes: 'routes: [] # a' });
    const before = { allowlist: bytes('a.example'), routes: bytes('routes: [] # a') };
    const after = { allowlist: digest(bytes('b.example')), routes: digest(bytes('routes: [] # b')) };
    writeFileSync(undoPath(paths), encodeUndo({ generation: 1, before, after }));
    writeFileSync(paths.allowlist, 'b.example');
    return paths;
  }

  it('leaves the old pair in force', async () => {
    const paths = await cutShort();
    expect(readLiveConfig(paths)).toMatchObject({
      generation: 1,
      edited: false,
      text: { allowlist: 'a.example', routes: 'routes: [] # a' },
    });
  });

  it('is taken back by the next writer', async () => {
    const paths = await cutShort();
    expect(await writeLiveConfig(paths, {})).toEqual({ generation: 1 });
    expect(readFileSync(paths.allowlist, 'utf8')).toBe('a.example');
    expect(readdirSync(paths.liveConfig).sort()).toEqual(['allowlist', 'generation.json', 'routes.yaml']);
  });

  it('leaves in force what the operator changed by hand after it', async () => {
    const paths = await cutShort();
    writeFileSync(paths.routes, 'routes: [] # hand');
    expect(readLiveConfig(paths)).toMatchObject({
      edited: true,
      text: { allowlist: 'a.example', routes: 'routes: [] # hand' },
    });
    await writeLiveConfig(paths, {});
    expect(readLiveConfig(paths)).toMatchObject({
      generation: 2,
      edited: false,
      text: { allowlist: 'a.example', routes: 'routes: [] # hand' },
    });
  });

  it('of the first pair leaves no file in force', async () => {
    const paths = freshPaths();
    mkdirSync(paths.liveConfig);
    const after = { allowlist: digest(bytes('b.example')), routes: digest(bytes('routes: []')) };
    writeFileSync(
      undoPath(paths),
      encodeUndo({ generation: 0, before: { allowlist: null, routes: null }, after }),
    );
    writeFileSync(paths.allowlist, 'b.example');
    expect(readLiveConfig(paths)).toMatchObject({
      generation: 0,
      edited: false,
      allowlist: null,
      routes: null,
    });
    await writeLiveConfig(paths, {});
    expect(readdirSync(paths.liveConfig)).toEqual([]);
  });

  it('counts no more once its generation has passed', async () => {
    const paths = await cutShort();
    const left = readFileSync(undoPath(paths));
    await writeLiveConfig(paths, { allowlist: 'b.example' });
    writeFileSync(undoPath(paths), left);
    expect(readLiveConfig(paths)).toMatchObject({ generation: 2, text: { allowlist: 'b.example' } });
  });

  it.each([
    '',
    '{',
    '[]',
    '{"generation":1}',
    '{"generation":1,"before":{"allowlist":1,"routes":null},"after":{}}',
  ])('is not made up from a broken record: %j', async text => {
    const paths = await cutShort();
    writeFileSync(undoPath(paths), text);
    expect(readLiveConfig(paths)).toMatchObject({
      generation: 1,
      edited: true,
      text: { allowlist: 'b.example' },
    });
  });
});

describe('readLiveConfig', () => {
  it('reads an absent folder as one without files', () => {
    expect(readLiveConfig(freshPaths())).toEqual({
      generation: 0,
      revision: expect.any(String),
      edited: false,
      allowlist: null,
      routes: null,
      text: { allowlist: null, routes: null },
    });
  });

  it('reads the folder of the older tool as it is', () => {
    const paths = freshPaths();
    mkdirSync(paths.liveConfig);
    writeFileSync(paths.allowlist, 'a.example\n');
    expect(readLiveConfig(paths)).toMatchObject({
      generation: 0,
      edited: true,
      allowlist: [{ host: 'a.example' }],
      routes: null,
    });
  });

  it('names the file, line and column of what it cannot read', () => {
    const paths = freshPaths();
    mkdirSync(paths.liveConfig);
    writeFileSync(paths.allowlist, 'a.example\n*\n');
    expect(() => readLiveConfig(paths)).toThrow(
      expect.objectContaining({ code: 'bad-allowlist', source: paths.allowlist, line: 2, column: 1 }),
    );
  });

  it.each([
    '',
    '{',
    '\0'.repeat(64),
    'null',
    '{}',
    '{"generation":-1,"allowlist":null,"routes":null}',
    '{"generation":1,"allowlist":"x","routes":null}',
    '['.repeat(99),
  ])('refuses the generation.json %.40j', text => {
    const paths = freshPaths();
    mkdirSync(paths.liveConfig);
    writeFileSync(paths.generation, text);
    expect(() => readLiveConfig(paths)).toThrow(
      expect.objectContaining({ code: 'bad-generation', source: paths.generation }),
    );
  });

  it.each(['allowlist', 'routes', 'generation'] as const)('refuses 1 GB of %s without reading it', part => {
    const paths = freshPaths();
    mkdirSync(paths.liveConfig);
    // A sparse file: as large as it says, and nothing on the disk.
    writeFileSync(paths[part], '');
    truncateSync(paths[part], 1 << 30);
    expect(() => readLiveConfig(paths)).toThrow(
      expect.objectContaining({ code: 'too-large', path: paths[part] }),
    );
  });
});
