import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run, temporaryFolder } from '@bot-bottle/test-kit';
import { newBottle, put } from '../test/bottle.js';
import { naiveCopyFile } from '../test/naive.js';
import { restoreTranscript, snapshotTranscript } from './transcript.js';
import { recoverTranscript } from './transcript-swap.js';

const FOLDERS = ['.claude/projects', '.codex', '.history'];

function bottleWithTalk() {
  const paths = newBottle();
  const talk = join(paths.home, '.claude/projects/demo/talk.jsonl');
  put(talk, 'first\n');
  put(join(paths.home, '.history'), 'ls\n');
  return { paths, talk, saved: join(paths.transcript, '.claude/projects/demo/talk.jsonl') };
}

const treeOf = (folder: string) => readdirSync(folder, { recursive: true }).map(String).sort();

describe('a snapshot', () => {
  it('holds folders and files under their names, and replaces the last one as a whole', async () => {
    const { paths, talk, saved } = bottleWithTalk();
    const report = await snapshotTranscript(paths, FOLDERS);
    expect(report).toEqual({ entries: 3, bytes: 9, left: [] });
    expect(treeOf(paths.transcript)).toEqual([
      '.claude',
      '.claude/projects',
      '.claude/projects/demo',
      '.claude/projects/demo/talk.jsonl',
      '.history',
    ]);
    writeFileSync(talk, 'first\nsecond\n');
    rmSync(join(paths.home, '.claude/projects/demo'), { recursive: true });
    put(join(paths.home, '.claude/projects/other.jsonl'), 'other\n');
    await snapshotTranscript(paths, FOLDERS);
    expect(existsSync(saved)).toBe(false);
    expect(treeOf(join(paths.transcript, '.claude/projects'))).toEqual(['other.jsonl']);
    expect(readdirSync(paths.folder).sort()).toEqual(['agent', 'transcript']);
  });

  it('keeps of the last one what HOME has no more', async () => {
    const { paths, saved } = bottleWithTalk();
    await snapshotTranscript(paths, FOLDERS);
    rmSync(join(paths.home, '.claude'), { recursive: true });
    writeFileSync(join(paths.home, '.history'), 'ls\npwd\n');
    await snapshotTranscript(paths, FOLDERS);
    expect(readFileSync(saved, 'utf8')).toBe('first\n');
    expect(readFileSync(join(paths.transcript, '.history'), 'utf8')).toBe('ls\npwd\n');
    rmSync(paths.home, { recursive: true });
    await snapshotTranscript(paths, FOLDERS);
    expect(readFileSync(saved, 'utf8')).toBe('first\n');
  });

  it.each(['', '.', '..', '/etc', 'a//b', 'a/', './a', 'a/../../b', 'a\0b'])(
    'refuses the folder %j',
    async folder => {
      const { paths } = bottleWithTalk();
      await expect(snapshotTranscript(paths, ['.history', folder])).rejects.toMatchObject({
        code: 'bad-folder',
        path: folder,
      });
      await expect(restoreTranscript(paths, [folder])).rejects.toMatchObject({ code: 'bad-folder' });
      expect(readdirSync(paths.folder)).toEqual(['agent']);
    },
  );

  it('takes a folder once that is named twice, or lies in another one', async () => {
    const { paths } = bottleWithTalk();
    const report = await snapshotTranscript(paths, ['.claude', '.claude/projects', '.claude']);
    expect(report).toMatchObject({ entries: 3, left: [] });
  });

  it('needs a bottle that is there', async () => {
    const { paths } = bottleWithTalk();
    renameSync(paths.folder, `${paths.folder}.gone`);
    await expect(snapshotTranscript(paths, FOLDERS)).rejects.toMatchObject({ code: 'no-such-bottle' });
    expect(existsSync(paths.folder)).toBe(false);
  });

  it('leaves out links, FIFOs and sockets, and says so', async () => {
    const { paths } = bottleWithTalk();
    const outside = temporaryFolder();
    writeFileSync(join(outside, 'id_ed25519'), 'key');
    const projects = join(paths.home, '.claude/projects');
    symlinkSync(join(outside, 'id_ed25519'), join(projects, 'link'));
    symlinkSync(outside, join(projects, 'demo/folder-link'));
    execFileSync('mkfifo', [join(projects, 'fifo')]);
    const report = await snapshotTranscript(paths, FOLDERS);
    expect(report.left.sort((a, b) => a.path.localeCompare(b.path))).toEqual([
      { path: join(projects, 'demo/folder-link'), reason: 'link' },
      { path: join(projects, 'fifo'), reason: 'FIFO' },
      { path: join(projects, 'link'), reason: 'link' },
    ]);
    expect(treeOf(join(paths.transcript, '.claude/projects'))).toEqual(['demo', 'demo/talk.jsonl']);
    naiveCopyFile(join(projects, 'link'), join(paths.transcript, 'link'));
    expect(readFileSync(join(paths.transcript, 'link'), 'utf8')).toBe('key');
    // The plain open(2) of the FIFO waits for a writer: timeout(1) says 124 where it had to end it.
    expect(run(['timeout', '0.3', 'cat', join(projects, 'fifo')]).status).toBe(124);
  });

  it.each(['.claude', '.claude/projects'])(
    'follows no link at %s, and keeps the last one of it',
    async at => {
      const { paths, saved } = bottleWithTalk();
      await snapshotTranscript(paths, FOLDERS);
      const outside = temporaryFolder();
      put(join(outside, 'projects/secret'), 'key');
      renameSync(join(paths.home, at), join(paths.home, 'away'));
      symlinkSync(outside, join(paths.home, at));
      const { left } = await snapshotTranscript(paths, FOLDERS);
      expect(left).toEqual([
        { path: join(paths.home, '.claude/projects'), reason: 'a link, or neither a file nor a folder' },
      ]);
      expect(treeOf(paths.transcript)).toContain('.claude/projects/demo/talk.jsonl');
      expect(treeOf(paths.transcript).filter(path => path.includes('secret'))).toEqual([]);
      expect(readFileSync(saved, 'utf8')).toBe('first\n');
      naiveCopyFile(join(paths.home, at, 'projects/secret'), saved);
      expect(readFileSync(saved, 'utf8')).toBe('key');
    },
  );

  it.each([
    ['bytes', { maxBytes: 8 }],
    ['entries', { maxEntries: 2 }],
  ])('takes no folder that exceeds the %s allowed, and keeps the last one of it', async (_name, bounds) => {
    const { paths, talk, saved } = bottleWithTalk();
    await snapshotTranscript(paths, FOLDERS);
    put(join(talk, '../more.jsonl'), 'more\n');
    writeFileSync(talk, 'changed\n');
    const report = await snapshotTranscript(paths, FOLDERS, bounds);
    expect(report).toEqual({
      entries: 1,
      bytes: 3,
      left: [{ path: join(paths.home, '.claude/projects'), reason: 'too large' }],
    });
    expect(readFileSync(saved, 'utf8')).toBe('first\n');
    expect(existsSync(join(saved, '../more.jsonl'))).toBe(false);
  });

  it('counts a file among the entries', async () => {
    const { paths } = bottleWithTalk();
    const { left } = await snapshotTranscript(paths, ['.history'], { maxEntries: 0 });
    expect(left).toEqual([{ path: join(paths.home, '.history'), reason: 'too large' }]);
  });

  it('does not run after a file that is sparse and huge', async () => {
    const { paths, talk } = bottleWithTalk();
    execFileSync('truncate', ['-s', '1T', talk]);
    const { left } = await snapshotTranscript(paths, FOLDERS);
    expect(left).toEqual([{ path: join(paths.home, '.claude/projects'), reason: 'too large' }]);
  });

  it('copies a file that has other hard links, and is no link to it', async () => {
    const { paths, talk, saved } = bottleWithTalk();
    linkSync(talk, join(paths.home, 'same'));
    await snapshotTranscript(paths, FOLDERS);
    expect(statSync(saved).ino).not.toBe(statSync(talk).ino);
  });
});

describe('restoring', () => {
  it('puts back what HOME lacks, leaves what it has, and says what nobody has', async () => {
    const { paths, talk } = bottleWithTalk();
    await snapshotTranscript(paths, FOLDERS);
    rmSync(join(paths.home, '.claude'), { recursive: true });
    writeFileSync(join(paths.home, '.history'), 'newer\n');
    expect(await restoreTranscript(paths, FOLDERS)).toEqual({
      restored: ['.claude/projects'],
      inPlace: ['.history'],
      missing: ['.codex'],
      left: [],
    });
    expect(readFileSync(talk, 'utf8')).toBe('first\n');
    expect(readFileSync(join(paths.home, '.history'), 'utf8')).toBe('newer\n');
    expect(readdirSync(paths.folder).sort()).toEqual(['agent', 'transcript']);
    expect(readdirSync(paths.home).sort()).toEqual(['.claude', '.history']);
  });

  it('fills an empty folder, and makes HOME where there is none', async () => {
    const { paths, talk } = bottleWithTalk();
    await snapshotTranscript(paths, FOLDERS);
    rmSync(join(paths.home, '.claude/projects'), { recursive: true });
    mkdirSync(join(paths.home, '.claude/projects'));
    expect(await restoreTranscript(paths, FOLDERS)).toMatchObject({
      restored: ['.claude/projects'],
      inPlace: ['.history'],
    });
    rmSync(join(paths.folder, 'agent'), { recursive: true });
    expect(await restoreTranscript(paths, FOLDERS)).toMatchObject({
      restored: ['.claude/projects', '.history'],
    });
    expect(readFileSync(talk, 'utf8')).toBe('first\n');
    expect(lstatSync(paths.home).mode & 0o777).toBe(0o700);
  });

  it('has nothing to restore without a snapshot', async () => {
    const { paths } = bottleWithTalk();
    rmSync(paths.home, { recursive: true });
    expect(await restoreTranscript(paths, FOLDERS)).toMatchObject({
      restored: [],
      missing: FOLDERS,
      left: [],
    });
  });

  it.each(['.claude', '.claude/projects', 'agent/home'])('writes nothing through a link at %s', async at => {
    const { paths, talk, saved } = bottleWithTalk();
    await snapshotTranscript(paths, FOLDERS);
    const outside = temporaryFolder();
    const link = at === 'agent/home' ? paths.home : join(paths.home, at);
    rmSync(link, { recursive: true });
    symlinkSync(outside, link);
    if (at === 'agent/home')
      await expect(restoreTranscript(paths, FOLDERS)).rejects.toMatchObject({ code: 'not-a-folder' });
    else
      expect(await restoreTranscript(paths, FOLDERS)).toEqual({
        restored: [],
        inPlace: ['.history'],
        missing: ['.codex'],
        left: [
          { path: join(paths.home, '.claude/projects'), reason: 'a link, or something else, is in the way' },
        ],
      });
    expect(readdirSync(outside)).toEqual([]);
    naiveCopyFile(saved, talk);
    expect(readdirSync(outside)).not.toEqual([]);
  });
});

describe('an interrupted swap', () => {
  const next = '.transcript-next';
  const previous = '.transcript-previous';

  it.each<[string, Record<string, string>, string | null]>([
    ['nothing was begun', { transcript: 'old' }, 'old'],
    ['the first one was being made', { [next]: 'half' }, null],
    ['another was being made', { transcript: 'old', [next]: 'half' }, 'old'],
    ['the old one stepped aside', { [previous]: 'old', [next]: 'new' }, 'new'],
    ['the new one took its place', { transcript: 'new', [previous]: 'old' }, 'new'],
    ['the old one was being removed', { transcript: 'new', [previous]: 'half' }, 'new'],
    ['a power cut took the new one back', { [previous]: 'old' }, 'old'],
  ])('ends with one whole snapshot, when %s', async (_name, found, kept) => {
    const paths = newBottle();
    for (const [name, text] of Object.entries(found)) put(join(paths.folder, name, 'talk'), text);
    expect(await recoverTranscript(paths)).toBe(Object.keys(found).some(name => name !== 'transcript'));
    expect(readdirSync(paths.folder)).toEqual(kept === null ? [] : ['transcript']);
    if (kept !== null) expect(readFileSync(join(paths.transcript, 'talk'), 'utf8')).toBe(kept);
    expect(await recoverTranscript(paths)).toBe(false);
  });
});
