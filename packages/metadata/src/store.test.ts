import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parseIdentity } from '@bot-bottle/identity';
import { type BottlePaths, bottlePaths } from '@bot-bottle/state-paths';
import { run, temporaryFolder } from '@bot-bottle/test-kit';
import { type BottleRecord, newRecord, readRecord, updateRecord, writeRecord } from './index.js';

const identity = parseIdentity('claude-x7k2m');
const record = newRecord({ identity, agentName: 'claude', cwd: '/home/op/é', backend: 'local' });

function bottle(content?: string | Uint8Array): BottlePaths {
  const paths = bottlePaths(temporaryFolder(), identity);
  mkdirSync(paths.folder, { recursive: true });
  if (content !== undefined) writeFileSync(paths.metadata, content);
  return paths;
}

/** What this process has asked the system to read so far (proc_pid_io(5)). */
function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

/** JSON.parse of readFile: what it gives, or what it says. */
function naiveRead(paths: BottlePaths): string {
  try {
    return `takes ${JSON.stringify(JSON.parse(readFileSync(paths.metadata, 'utf8')))}`;
  } catch (error) {
    return String(error);
  }
}

const coded = (code: string) => expect.objectContaining({ name: 'MetadataError', code });

describe('readRecord', () => {
  it('reads what was written: UTF-8, mode 0644, alone in its folder', async () => {
    const paths = bottle();
    await writeRecord(paths, record);
    expect(readRecord(paths)).toEqual(record);
    expect(statSync(paths.metadata).mode & 0o7777).toBe(0o644);
    expect(readFileSync(paths.metadata, 'utf8')).toContain('"/home/op/é"');
    expect(readdirSync(paths.folder)).toEqual(['metadata.json']);
  });

  it('gives null for an absent root, bottle or record, and for JSON that is no object; creates nothing', () => {
    const root = temporaryFolder();
    expect(readRecord(bottlePaths(`${root}/absent`, identity))).toBeNull();
    expect(readRecord(bottlePaths(root, identity))).toBeNull();
    expect(readdirSync(root)).toEqual([]);
    expect(readRecord(bottle())).toBeNull();
    expect(readRecord(bottle('[]'))).toBeNull();
  });

  it('gives a record that does not name itself the name of its folder', () => {
    expect(readRecord(bottle('{"cwd": "/x"}'))).toMatchObject({ identity, cwd: '/x' });
  });

  it('refuses a record of another bottle, which a copied folder has', () => {
    const paths = bottle('{"identity": "other-00000"}');
    expect(() => readRecord(paths)).toThrow(coded('identity-mismatch'));
    expect(() => readRecord(bottle('{"identity": "../../etc"}'))).toThrow(coded('identity-mismatch'));
  });

  // FAULTS row 8.
  it.each([
    ['empty', ''],
    ['truncated', '{"identity": "claude-x7k2m", "cw'],
    ['filled with NUL', Buffer.alloc(512)],
    ['deeply nested', '['.repeat(100_000)],
    ['Latin-1', Buffer.from('{"cwd": "/é"}', 'latin1')],
  ])('names the file of a record that is %s', (_what, content) => {
    const paths = bottle(content);
    expect(naiveRead(paths)).not.toContain(paths.metadata);
    expect(() => readRecord(paths)).toThrow(
      expect.objectContaining({
        code: 'broken-record',
        path: paths.metadata,
        message: expect.stringContaining(paths.metadata),
        position: expect.objectContaining({ line: 1 }),
      }),
    );
  });

  it.each([
    ['{"cwd":\n "/x\xe9y"}', 12, 2, 5],
    ['\xff', 0, 1, 1],
    ['"\xf0\x9f\xa4', 1, 1, 2],
    ['\xef\xbf\xbd \xc3', 4, 1, 5],
  ])('names the byte at which %j is no UTF-8', (latin1, offset, line, column) => {
    expect(() => readRecord(bottle(Buffer.from(latin1, 'latin1')))).toThrow(
      expect.objectContaining({ code: 'broken-record', position: { offset, line, column } }),
    );
  });

  it('takes no other path for the one that was written, as readFile does', () => {
    const paths = bottle(Buffer.from('{"cwd":"/\xe9"}', 'latin1'));
    expect(naiveRead(paths)).toBe('takes {"cwd":"/\ufffd"}');
    expect(() => readRecord(paths)).toThrow(coded('broken-record'));
  });

  it('reads a record that an editor began with a byte order mark', () => {
    expect(readRecord(bottle('\ufeff{"cwd": "/x"}'))).toMatchObject({ cwd: '/x' });
  });

  it('refuses a file of 1 GB by its size, and reads nothing of it', () => {
    const paths = bottle('');
    truncateSync(paths.metadata, 2 ** 30);
    const before = bytesRead();
    expect(() => readRecord(paths)).toThrow(coded('broken-record'));
    expect(bytesRead() - before).toBeLessThan(64 * 1024);
    // The measure sees what the naive way, readFile, would read.
    truncateSync(paths.metadata, 2 ** 20);
    readFileSync(paths.metadata);
    expect(bytesRead() - before).toBeGreaterThan(2 ** 20);
  });

  // FAULTS rows 21, 23, 26.
  it('follows no link, neither at the folder nor at the file, and waits on no FIFO', () => {
    const real = bottle('{"cwd": "/stolen"}');
    const linkedFolder = bottlePaths(temporaryFolder(), identity);
    mkdirSync(`${linkedFolder.root}/state`);
    symlinkSync(real.folder, linkedFolder.folder);
    const linkedFile = bottle();
    symlinkSync(real.metadata, linkedFile.metadata);
    const folder = bottle();
    mkdirSync(folder.metadata);
    const fifo = bottle();
    expect(run(['mkfifo', fifo.metadata]).status).toBe(0);
    for (const paths of [linkedFolder, linkedFile, folder, fifo]) {
      expect(() => readRecord(paths)).toThrow(coded('cannot-read'));
    }
    for (const paths of [linkedFolder, linkedFile]) expect(naiveRead(paths)).toBe('takes {"cwd":"/stolen"}');
    // The plain open(2) waits for a writer: timeout(1) says 124 where it had to end it.
    expect(run(['timeout', '0.3', 'cat', fifo.metadata]).status).toBe(124);
  });
});

describe('writeRecord', () => {
  it('refuses what could not be read back, or is of another bottle, and leaves the old record', async () => {
    const paths = bottle();
    await writeRecord(paths, record);
    const wrong = { ...record, cwd: undefined } as unknown as BottleRecord;
    await expect(writeRecord(paths, wrong)).rejects.toThrow(coded('invalid-record'));
    await expect(writeRecord(paths, { ...record, identity: 'other-00000' })).rejects.toThrow(
      coded('identity-mismatch'),
    );
    expect(readRecord(paths)).toEqual(record);
    expect(readdirSync(paths.folder)).toEqual(['metadata.json']);
  });

  it('refuses on a Node that would round the numbers of a newer version, and leaves the old record', async () => {
    const text = `{ "identity": "${identity}", "budget": 12345678901234567890 }`;
    const paths = bottle(text);
    // Node 20 has none, and rounds (the naive way): this is what would be written there.
    const rawJSON = Object.getOwnPropertyDescriptor(JSON, 'rawJSON') as PropertyDescriptor;
    Reflect.deleteProperty(JSON, 'rawJSON');
    try {
      const read = readRecord(paths);
      expect(read?.extra).toEqual({ budget: 12345678901234567000 });
      await expect(updateRecord(paths, old => ({ ...old, cwd: '/x' }))).rejects.toThrow(
        /expected Node 22 or newer$/,
      );
    } finally {
      Object.defineProperty(JSON, 'rawJSON', rawJSON);
    }
    expect(readFileSync(paths.metadata, 'utf8')).toBe(text);
  });

  it('makes no bottle where there is none, and writes through no link', async () => {
    const absent = bottlePaths(temporaryFolder(), identity);
    await expect(writeRecord(absent, record)).rejects.toThrow(coded('cannot-write'));
    expect(existsSync(`${absent.root}/state`)).toBe(false);

    const outside = temporaryFolder();
    mkdirSync(`${absent.root}/state`);
    symlinkSync(outside, absent.folder);
    await expect(writeRecord(absent, record)).rejects.toThrow(coded('cannot-write'));
    expect(readdirSync(outside)).toEqual([]);
    writeFileSync(absent.metadata, '{}');
    expect(readdirSync(outside)).toEqual(['metadata.json']);

    const paths = bottle();
    writeFileSync(`${outside}/precious`, 'kept');
    symlinkSync(`${outside}/precious`, paths.metadata);
    await writeRecord(paths, record);
    expect(lstatSync(paths.metadata).isFile()).toBe(true);
    expect(readFileSync(`${outside}/precious`, 'utf8')).toBe('kept');
    const planted = bottle();
    symlinkSync(`${outside}/precious`, planted.metadata);
    writeFileSync(planted.metadata, '{}');
    expect(readFileSync(`${outside}/precious`, 'utf8')).toBe('{}');
  });
});

describe('updateRecord', () => {
  it('gives and writes the changed record, keeps what it does not know, and leaves no lock', async () => {
    const paths = bottle('{"identity": "claude-x7k2m", "future": 1.0}');
    const changed = await updateRecord(paths, old => ({ ...old, cwd: '/new' }));
    expect(changed).toEqual(readRecord(paths));
    expect(changed.cwd).toBe('/new');
    expect(readFileSync(paths.metadata, 'utf8')).toContain('"future": 1.0');
    expect(readdirSync(paths.folder)).toEqual(['metadata.json']);
  });

  it('leaves the record and no lock when the change throws', async () => {
    const paths = bottle('{"cwd": "/old"}');
    const broken = updateRecord(paths, () => {
      throw new RangeError('no');
    });
    await expect(broken).rejects.toThrow(RangeError);
    expect(readFileSync(paths.metadata, 'utf8')).toBe('{"cwd": "/old"}');
    expect(readdirSync(paths.folder)).toEqual(['metadata.json']);
  });

  it('says so when there is no record, and creates none', async () => {
    const paths = bottle();
    await expect(updateRecord(paths, old => old)).rejects.toThrow(coded('no-record'));
    const absent = bottlePaths(temporaryFolder(), identity);
    await expect(updateRecord(absent, old => old)).rejects.toThrow(coded('no-record'));
    expect(readdirSync(paths.folder)).toEqual([]);
  });

  it('loses none of a hundred updates at once', async () => {
    const paths = bottle('{"args": ["0"]}');
    const increment = (old: BottleRecord) => ({ ...old, args: [String(Number(old.args[0]) + 1)] });
    await Promise.all(Array.from({ length: 100 }, () => updateRecord(paths, increment, { wait: 60_000 })));
    expect(readRecord(paths)?.args).toEqual(['100']);
    // The naive way, read and write: whoever wrote between the two is overwritten.
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const old = JSON.parse(await readFile(paths.metadata, 'utf8'));
        await writeRecord(paths, { ...record, args: [String(Number(old.args[0]) + 1)] });
      }),
    );
    expect(Number(readRecord(paths)?.args[0])).toBeLessThan(200);
  });

  it('gives up after its patience when somebody holds the lock', async () => {
    const paths = bottle('{}');
    let inner: unknown;
    await updateRecord(paths, old => {
      inner = updateRecord(paths, same => same, { wait: 0 }).catch((error: unknown) => error);
      return old;
    });
    expect(await inner).toEqual(coded('cannot-write'));
  });

  it('makes no bottle come back that was removed while it waited', async () => {
    const paths = bottle('{}');
    const waiting = updateRecord(paths, old => {
      renameSync(paths.folder, `${paths.root}/removed`);
      return old;
    });
    await expect(waiting).rejects.toThrow(coded('cannot-write'));
    expect(existsSync(paths.folder)).toBe(false);
  });
});
