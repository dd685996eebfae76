import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readApplied, readAuditLog } from '@bot-bottle/egress';
import { parseIdentity } from '@bot-bottle/identity';
import { readLiveConfig, writeLiveConfig } from '@bot-bottle/live-config';
import { effectiveBackend, effectiveComposeProject, readRecord } from '@bot-bottle/metadata';
import { isPreserved, readLease } from '@bot-bottle/preserve';
import { auditLog, type BottlePaths, bottlePaths } from '@bot-bottle/state-paths';
import { describeWith, killAtEachSyscall, program, temporaryFolder } from '@bot-bottle/test-kit';
import { keeperOf, Operator } from '../support/cli.js';
import { plant } from '../support/records.js';
import { fenceOf, REPOSITORY, readDocument } from './markdown.js';

const document = readDocument('docs/state-format.md');
const reader = join(temporaryFolder(), 'read_state.py');
writeFileSync(reader, fenceOf(document, 'file=read_state.py').text);

/** What the document's reader says of each bottle under a root. */
function asRead(root: string): unknown[] {
  const lines = execFileSync('python3', [reader, root], { encoding: 'utf8' }).split('\n').filter(Boolean);
  return lines.map(line => JSON.parse(line));
}

/** The same by the packages. */
function asItIs(paths: BottlePaths): object {
  const { identity, root } = paths;
  const record = readRecord(paths);
  const { state } = readLease(paths);
  const { generation, edited, text } = readLiveConfig(paths);
  const applied = readApplied(paths.sidecar('egress'));
  const keeper = keeperOf(paths);
  return {
    identity,
    record: record && {
      identity: record.identity,
      agent_name: record.agentName,
      cwd: record.cwd,
      copy_cwd: record.copyCwd,
      started_at: record.startedAt,
      compose_project: effectiveComposeProject(record),
      backend: effectiveBackend(record),
      labels: record.labels,
      args: record.args,
    },
    problem: null,
    preserved: isPreserved(paths),
    lease: state === 'none' ? 'free' : state,
    live: { generation, edited, ...text },
    in_force: keeper !== null && applied?.pid === keeper ? applied.generation : null,
    audit: [...readAuditLog(auditLog(root, identity, 'egress'))],
    bad_lines: 0,
  };
}

/** The table of the tree: path (of a bottle, behind its folder) to mode. A folder's ends in `/`. */
function documentedModes(): Map<string, string> {
  const modes = new Map<string, string>();
  for (const line of document.prose) {
    const [, cell = '', mode = ''] = /^\| (`[^|]+`) \| (0\d{3})\b/.exec(line) ?? [];
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    const folder = /^.*\/(?=[^/]+\/?$)/.exec(names[0] ?? '')?.[0] ?? '';
    for (const [index, name] of names.entries()) modes.set(index === 0 ? name : folder + name, mode);
  }
  return modes;
}

/** The same of a root with one bottle, without what lies in folders whose contents are not ours to name. */
function* actualModes({ root, identity, folder }: BottlePaths): Generator<[path: string, mode: string]> {
  const of = (path: string) => `0${(lstatSync(path).mode & 0o777).toString(8)}`;
  const theirs = new Set(['agent/home', 'agent/backend', 'workspace', 'transcript', 'lease']);
  function* below(path: string, shown: string): Generator<[string, string]> {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const [next, name] = [join(path, entry.name), shown + entry.name];
      yield [entry.isDirectory() ? `${name}/` : name, of(next)];
      if (entry.isDirectory() && !theirs.has(name.replace('…/', ''))) yield* below(next, `${name}/`);
    }
  }
  yield ['state/', of(join(root, 'state'))];
  yield ['state/<identity>/', of(folder)];
  yield* below(folder, '…/');
  yield ['audit/', of(join(root, 'audit'))];
  for (const name of readdirSync(join(root, 'audit')))
    if (name.startsWith(identity))
      yield [`audit/${name.replace(identity, '<identity>')}`, of(join(root, 'audit', name))];
}

describe('docs/state-format.md', () => {
  it('names every file that a session makes, with its mode', async () => {
    const operator = new Operator();
    try {
      await operator.run(['start', 'demo', '--preserve']);
      await operator.start('shell');
      const documented = documentedModes();
      const actual = operator.bottles().flatMap(bottle => [...actualModes(bottle)]);
      expect(actual.filter(([path, mode]) => documented.get(path) !== mode)).toEqual([]);
      expect(actual.map(([path]) => path)).toEqual(
        expect.arrayContaining(['…/transcript/', '…/keeper.sock']),
      );
    } finally {
      await operator.killAll();
    }
  });

  it('shows what the packages read', () => {
    const root = temporaryFolder();
    const paths = bottlePaths(root, parseIdentity('claude-x7k2p'));
    const put = (path: string, word: string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, fenceOf(document, word).text);
    };
    put(paths.metadata, 'metadata.json');
    expect(readRecord(paths)).toMatchObject({ identity: paths.identity, labels: { task: '42' }, extra: {} });
    put(join(paths.lease, 'owner-29624-2a27184bf996.json'), 'lease');
    expect(readLease(paths)).toMatchObject({
      state: 'dead',
      owner: { pid: 29_624, note: { backend: 'local' } },
    });
    put(paths.generation, 'generation.json');
    put(join(paths.liveConfig, 'undo.json'), 'undo.json');
    // What a writer put there that was killed.
    writeFileSync(paths.allowlist, 'example.org\n');
    expect(readLiveConfig(paths)).toMatchObject({
      generation: 3,
      edited: false,
      text: { allowlist: 'example.com\n', routes: null },
    });
    put(join(paths.sidecar('egress'), 'applied.json'), 'applied.json');
    expect(readApplied(paths.sidecar('egress'))).toMatchObject({ generation: 3, refused: null });
    const log = auditLog(root, paths.identity, 'egress');
    put(log, 'audit');
    const bad: unknown[] = [];
    const events = [...readAuditLog(log, { onBadLine: line => bad.push(line) })].map(({ event }) => event);
    expect([events, bad]).toEqual([['denied', 'opened', 'closed'], []]);
  });
});

describeWith('python3', 'the reader of docs/state-format.md', () => {
  it('reads what bot-bottle wrote as bot-bottle reads it: a bottle that was kept, one that runs, one that was killed', async () => {
    const operator = new Operator();
    try {
      await operator.run(['start', 'demo', '--preserve', '--label', 'task=42']);
      const killed = await operator.start('shell');
      process.kill(keeperOf(killed) ?? Number.NaN, 'SIGKILL');
      await operator.start('shell', '--copy-cwd', reader.replace(/\/[^/]*$/, ''), '--', '-c', 'read -r line');
      const expected = operator.bottles().map(asItIs);
      expect(asRead(operator.root)).toEqual(expected);
      expect(expected.map(each => ('lease' in each ? each.lease : null)).sort()).toEqual([
        'alive',
        'dead',
        'free',
      ]);
    } finally {
      await operator.killAll();
    }
  });

  it("reads the older tool's bottles, odd values included, and says which record is broken", () => {
    const operator = new Operator();
    const odd = plant(operator, 'claude-aaaaa', {
      cwd: null,
      copy_cwd: 1,
      labels: { a: 1 },
      args: 'none',
      backend: '',
    });
    mkdirSync(join(odd, 'live-config'));
    writeFileSync(join(odd, 'live-config/allowlist'), 'example.com\n');
    plant(operator, 'claude-bbbbb', '{ "identity": ');
    plant(operator, 'claude-ccccc', '[]');
    const [first, broken, list] = asRead(operator.root);
    expect(first).toEqual(asItIs(operator.bottle('claude-aaaaa')));
    expect(first).toMatchObject({
      record: { cwd: 'None', copy_cwd: true, backend: 'docker', labels: { a: '1' } },
    });
    expect(broken).toMatchObject({ record: null, problem: expect.stringMatching(/Expecting value/) });
    expect(list).toMatchObject({ record: null, problem: null });
  });
});

describeWith(['python3', 'strace'], 'the reader of docs/state-format.md', () => {
  const OLD = { allowlist: 'old.example\n', routes: 'routes: [] # old\n' };
  const NEW = { allowlist: 'new.example\n', routes: 'routes: [] # new\n' };

  it('sees the old policy or the new one, wherever its writer is killed; a plain read sees a mixture', async () => {
    const paths = bottlePaths(temporaryFolder({ memory: true }), parseIdentity('demo-aaaaa'));
    const built = JSON.stringify(join(REPOSITORY, 'packages/live-config/dist/index.js'));
    const write = `import { liveConfigPaths, writeLiveConfig } from ${built};
      export default (folder, pair) => writeLiveConfig(liveConfigPaths(folder), JSON.parse(pair));`;
    const before = join(temporaryFolder(), 'before');
    mkdirSync(paths.folder, { recursive: true });
    await writeLiveConfig(paths, OLD);
    cpSync(paths.liveConfig, before, { recursive: true });
    const seen = new Set<string>();
    let mixtures = 0;
    await killAtEachSyscall({
      command: program(write, [paths.liveConfig, JSON.stringify(NEW)]),
      syscalls: ['rename', 'unlink'],
      setup: () => {
        rmSync(paths.liveConfig, { recursive: true });
        cpSync(before, paths.liveConfig, { recursive: true });
      },
      check: () => {
        const [bottle] = asRead(paths.root);
        const { generation, edited, text } = readLiveConfig(paths);
        expect(bottle).toMatchObject({ live: { generation, edited, ...text } });
        expect([OLD, NEW]).toContainEqual(text);
        seen.add(text.allowlist ?? '');
        // The naive reader takes the files as they lie.
        const files = [paths.allowlist, paths.routes].map(file => readFileSync(file, 'utf8'));
        mixtures += Number(files.includes(NEW.allowlist) && files.includes(OLD.routes));
      },
    });
    expect([...seen].sort()).toEqual([NEW.allowlist, OLD.allowlist]);
    expect(mixtures).toBeGreaterThan(0);
  });
});
