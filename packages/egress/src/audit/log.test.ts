import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { closed, denied, opened } from '../../test/records.js';
import { AuditLog, type AuditLogOptions, type BadLine, readAuditLog } from '../index.js';

const logs: AuditLog[] = [];
afterEach(async () => {
  for (const log of logs.splice(0)) await log.close().catch(() => {});
});

function open(file: string, options?: AuditLogOptions): AuditLog {
  const log = new AuditLog(file, options);
  logs.push(log);
  return log;
}

function newFile(): string {
  return join(temporaryFolder(), 'audit', 'shell-abcde.egress.jsonl');
}

function idsIn(file: string): string[] {
  return [...readAuditLog(file)].map(({ id }) => id);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

describe('AuditLog', () => {
  it('keeps its file and its folder from everybody else', () => {
    const file = newFile();
    open(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
  });

  it('has in the file what lets something out before append returns, with all that came before it', () => {
    const file = newFile();
    const log = open(file);
    log.append(denied('1'));
    log.append(denied('2'));
    expect(idsIn(file)).toEqual([]);
    log.append(opened('3'));
    expect(idsIn(file)).toEqual(['1', '2', '3']);
  });

  it('writes everything else at the end of the turn, in its order', async () => {
    const file = newFile();
    const log = open(file);
    const ids = Array.from({ length: 100 }, (_, id) => `${id}`);
    for (const id of ids) log.append(denied(id));
    await nextTurn();
    expect(idsIn(file)).toEqual(ids);
  });

  it('keeps one record one line, whatever a bottle asked for', async () => {
    const file = newFile();
    const record = denied('1', { host: 'a\n{"id":"forged"}\u2028\ud800\0', path: '/\r\n' });
    const log = open(file);
    log.append(record);
    await log.close();
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2);
    expect([...readAuditLog(file)]).toEqual([record]);
  });

  it('goes on behind what is there', async () => {
    const file = newFile();
    for (const id of ['1', '2']) {
      const log = open(file);
      log.append(closed(id));
      await log.close();
    }
    expect(idsIn(file)).toEqual(['1', '2']);
  });

  it('ends the line that a killed writer left torn, and loses no other', async () => {
    const file = newFile();
    await open(file).close();
    const [whole, torn] = [JSON.stringify(opened('1')), JSON.stringify(opened('2'))];
    writeFileSync(file, `${whole}\n${torn.slice(0, 40)}`);
    const log = open(file);
    log.append(opened('3'));
    log.append(opened('4'));
    const bad: BadLine[] = [];
    expect([...readAuditLog(file, { onBadLine: line => bad.push(line) })].map(({ id }) => id)).toEqual([
      '1',
      '3',
      '4',
    ]);
    expect(bad).toEqual([{ line: 2, why: 'is no JSON' }]);
    // The naive way loses the next record as well: it ends up in the torn line.
    writeFileSync(file, `${whole}\n${torn.slice(0, 40)}`);
    appendFileSync(file, `${JSON.stringify(opened('3'))}\n`);
    expect(idsIn(file)).toEqual(['1']);
  });

  it.each([
    ['moved away', (file: string) => renameSync(file, `${file}.old`)],
    ['removed', (file: string) => unlinkSync(file)],
  ])('goes on in a new file when its file was %s', (_, take) => {
    const file = newFile();
    const log = open(file, { lookMs: 0 });
    log.append(opened('1'));
    take(file);
    log.append(opened('2'));
    expect(idsIn(file)).toEqual(['2']);
  });

  it('goes on for a moment in a file that was moved away, and loses no line', () => {
    const file = newFile();
    const log = open(file, { lookMs: 60_000 });
    log.append(opened('1'));
    renameSync(file, `${file}.old`);
    log.append(opened('2'));
    expect(idsIn(`${file}.old`)).toEqual(['1', '2']);
  });

  it.each([
    ['a link', (file: string) => symlinkSync('/etc/hostname', file)],
    ['a FIFO, without waiting for its reader', (file: string) => spawnSync('mkfifo', [file])],
    ['a folder', (file: string) => mkdirSync(file)],
  ])('does not open %s', (_, plant) => {
    const file = newFile();
    mkdirSync(join(file, '..'));
    plant(file);
    expect(() => new AuditLog(file)).toThrow(
      expect.objectContaining({ code: 'audit-failed', message: expect.stringContaining(file) }),
    );
  });

  it('does not write into a folder that is a link', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync('elsewhere', join(folder, 'audit'));
    expect(() => new AuditLog(join(folder, 'audit', 'x.jsonl'))).toThrow(
      expect.objectContaining({ code: 'audit-failed' }),
    );
  });
});

describe('an AuditLog that cannot be written', () => {
  /** A log with room for two records, which are there. */
  function full(): { file: string; log: AuditLog } {
    const file = newFile();
    const maxBytes = 2 * (JSON.stringify(closed('1')).length + 1);
    const log = open(file, { maxBytes, retryMs: 1 });
    log.append(opened('1'));
    log.append(opened('2'));
    return { file, log };
  }

  it('says so to whom would let something out, and does not record what was not let out', async () => {
    const { file, log } = full();
    expect(log.failure).toBeNull();
    expect(() => log.append(opened('3'))).toThrow(expect.objectContaining({ code: 'audit-failed' }));
    expect(log.failure?.message).toMatch(
      /cannot be written: it holds \d+ of at most \d+ bytes; move it away/,
    );
    expect(() => log.append(opened('4'))).toThrow(log.failure ?? undefined);
    renameSync(file, `${file}.old`);
    await until(() => log.failure === null);
    log.append(opened('5'));
    expect([idsIn(`${file}.old`), idsIn(file)]).toEqual([['1', '2'], ['5']]);
  });

  it('keeps the end of what was let out before, and records it when writing works again', async () => {
    const { file, log } = full();
    log.append(closed('1'));
    await until(() => log.failure !== null);
    log.append(closed('2'));
    renameSync(file, `${file}.old`);
    await until(() => log.failure === null);
    expect(idsIn(file)).toEqual(['1', '2']);
  });

  it('does not grow without bound while a bottle asks in vain, and says how much is missing', async () => {
    const file = newFile();
    const log = open(file, { retryMs: 1, lookMs: 0 });
    unlinkSync(file);
    mkdirSync(file);
    log.append(closed('1'));
    await until(() => log.failure !== null);
    for (let id = 0; id < 12_000; id++) log.append(denied(`${id}`));
    log.append(closed('2'));
    rmdirSync(file);
    await until(() => log.failure === null);
    const records = [...readAuditLog(file)];
    expect(records).toHaveLength(10_001);
    expect(records.at(-1)).toEqual({ ...closed('2'), missed: 2001 });
  });

  it('says at its close how much is lost', async () => {
    const { log } = full();
    log.append(closed('1'));
    log.append(closed('2'));
    await expect(log.close()).rejects.toMatchObject({
      code: 'audit-failed',
      message: expect.stringContaining('2 records are lost'),
    });
  });
});
