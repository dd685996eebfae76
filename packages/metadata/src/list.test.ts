import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { parseIdentity } from '@bot-bottle/identity';
import { bottlePaths } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { listRecords } from './index.js';

function rootWith(records: Record<string, string | Uint8Array | null>): string {
  const root = temporaryFolder();
  for (const [name, content] of Object.entries(records)) {
    mkdirSync(`${root}/state/${name}`, { recursive: true });
    if (content !== null) writeFileSync(`${root}/state/${name}/metadata.json`, content);
  }
  return root;
}

const good = (name: string) => `{"identity": "${name}", "cwd": "/${name}"}`;
const byIdentity = (root: string) =>
  Object.fromEntries(
    Array.from(listRecords(root), entry => [entry.identity, entry.error?.code ?? entry.record?.cwd ?? null]),
  );

describe('listRecords', () => {
  // FAULTS row 8.
  it('shows every bottle, whatever is broken in the records of others', () => {
    const root = rootWith({
      'good-00000': good('good-00000'),
      'empty-00000': '',
      'truncated-00000': '{"identity": ',
      'nul-00000': Buffer.alloc(100),
      'latin-00000': Buffer.from('"é"', 'latin1'),
      'deep-00000': '['.repeat(100_000),
      'other-00000': good('good-00000'),
      'list-00000': '[]',
      'reserved-00000': null,
      'huge-00000': '',
      'good-00001': good('good-00001'),
    });
    truncateSync(`${root}/state/huge-00000/metadata.json`, 2 ** 30);
    mkdirSync(`${root}/state/folder-00000/metadata.json`, { recursive: true });
    mkdirSync(`${root}/state/link-00000`);
    symlinkSync('/etc/passwd', `${root}/state/link-00000/metadata.json`);
    symlinkSync(`${root}/state/good-00000`, `${root}/state/linked-00000`);
    writeFileSync(`${root}/state/file-00000`, '');
    mkdirSync(`${root}/state/..foreign`);
    expect(byIdentity(root)).toEqual({
      'good-00000': '/good-00000',
      'empty-00000': 'broken-record',
      'truncated-00000': 'broken-record',
      'nul-00000': 'broken-record',
      'latin-00000': 'broken-record',
      'deep-00000': 'broken-record',
      'other-00000': 'identity-mismatch',
      'list-00000': null,
      'reserved-00000': null,
      'huge-00000': 'broken-record',
      'folder-00000': 'cannot-read',
      'link-00000': 'cannot-read',
      'good-00001': '/good-00001',
    });
  });

  it('shows the others, where a loop over JSON.parse shows none', () => {
    const root = rootWith({ 'broken-00000': '{', 'good-00000': good('good-00000') });
    const naive = () =>
      readdirSync(`${root}/state`).map(name =>
        JSON.parse(readFileSync(`${root}/state/${name}/metadata.json`, 'utf8')),
      );
    expect(naive).toThrow(SyntaxError);
    expect(byIdentity(root)).toEqual({ 'broken-00000': 'broken-record', 'good-00000': '/good-00000' });
  });

  it('gives the paths of each bottle, and errors that name its file', () => {
    const root = rootWith({ 'bad-00000': '{' });
    const [entry] = listRecords(root);
    const identity = parseIdentity('bad-00000');
    const { sidecar: _, ...paths } = bottlePaths(root, identity);
    expect(entry).toMatchObject({ identity, paths, error: { path: paths.metadata } });
  });

  it('shows those that were asked for, in their order, absent ones and links too', () => {
    const root = rootWith({ 'a-00000': good('a-00000'), 'b-00000': good('b-00000') });
    symlinkSync(`${root}/state/a-00000`, `${root}/state/c-00000`);
    const identities = ['b-00000', 'x-00000', 'c-00000', 'a-00000'].map(parseIdentity);
    const entries = [...listRecords(root, { identities })];
    expect(entries.map(({ identity, record, error }) => [identity, record?.cwd, error?.code])).toEqual([
      ['b-00000', '/b-00000', undefined],
      ['x-00000', undefined, undefined],
      ['c-00000', undefined, 'cannot-read'],
      ['a-00000', '/a-00000', undefined],
    ]);
  });

  it('finds nothing where there is nothing, and creates nothing', () => {
    const root = temporaryFolder();
    expect([...listRecords(`${root}/absent`)]).toEqual([]);
    expect([...listRecords(root)]).toEqual([]);
    expect(readdirSync(root)).toEqual([]);
    expect(existsSync(`${root}/absent`)).toBe(false);
  });

  it('does not take what its reader throws for a broken record, and closes its handle then', () => {
    const root = rootWith({ 'a-00000': good('a-00000'), 'b-00000': good('b-00000') });
    const before = readdirSync('/proc/self/fd').length;
    expect(() => {
      for (const _ of listRecords(root)) throw new RangeError('mine');
    }).toThrow(RangeError);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
  });
});
