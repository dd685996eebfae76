import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { temporaryFolder } from '@bot-bottle/test-kit';
import * as fc from 'fast-check';
import { denied, opened } from '../../test/records.js';
import { type AuditRecord, type BadLine, followAuditLog, readAuditLog } from '../index.js';

const folder = temporaryFolder({ memory: true });
let files = 0;

function newFile(text?: string | Uint8Array): string {
  const file = join(folder, `${files++}.jsonl`);
  if (text !== undefined) writeFileSync(file, text);
  return file;
}

function linesOf(...records: AuditRecord[]): string {
  return records.map(record => `${JSON.stringify(record)}\n`).join('');
}

function read(file: string): { records: AuditRecord[]; bad: BadLine[] } {
  const bad: BadLine[] = [];
  return { records: [...readAuditLog(file, { onBadLine: line => bad.push(line) })], bad };
}

describe('readAuditLog', () => {
  it('finds nothing where there is no file, and a typed error where there is something else', () => {
    expect([...readAuditLog(newFile())]).toEqual([]);
    const path = newFile();
    mkdirSync(path);
    expect(() => [...readAuditLog(path)]).toThrow(expect.objectContaining({ code: 'bad-audit' }));
  });

  it('skips a line that is no record, and says which and why', () => {
    const text = [
      JSON.stringify(opened('1')),
      'nonsense',
      '[]',
      JSON.stringify({ ...opened('2'), rule: 'of a newer version' }),
      JSON.stringify({ ...opened('2'), port: '443' }),
      JSON.stringify(opened('3')),
      '{"time":',
    ].join('\n');
    const { records, bad } = read(newFile(text));
    expect(records.map(({ id }) => id)).toEqual(['1', '3']);
    expect(bad).toEqual([
      { line: 2, why: 'is no JSON' },
      { line: 3, why: 'is no JSON object' },
      { line: 4, why: 'has no usable "rule"' },
      { line: 5, why: 'has no usable "port"' },
      { line: 7, why: 'is no JSON' },
    ]);
  });

  it('keeps the keys of a newer version', () => {
    const record = { ...opened('1'), colour: 'red' };
    expect(read(newFile(linesOf(record))).records).toEqual([record]);
  });

  it('reads whole lines wherever the pieces that it reads end', () => {
    const long = Array.from({ length: 500 }, (_, id) => denied(`${id}`, { path: `/${'é日🙂'.repeat(id)}` }));
    expect(read(newFile(linesOf(...long)))).toEqual({ records: long, bad: [] });
  });

  it('holds no line in memory that is longer than any of the proxy', () => {
    const { records, bad } = read(newFile(`${'x'.repeat(3 << 20)}\n${linesOf(opened('1'))}`));
    expect(records.map(({ id }) => id)).toEqual(['1']);
    expect(bad).toEqual([{ line: 1, why: 'is longer than 1048576 bytes' }]);
  });

  it('survives any bytes, and loses no line beside those that they are in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), bytes => {
        const [before, behind] = [
          Buffer.from(linesOf(opened('1'))),
          Buffer.from(`\n${linesOf(opened('2'))}`),
        ];
        const { records } = read(newFile(Buffer.concat([before, bytes, behind])));
        expect(records.map(({ id }) => id)).toEqual(['1', '2']);
      }),
    );
  });
});

describe('followAuditLog', () => {
  it('gives what is there, what comes, and what is written last, and then ends', async () => {
    const file = newFile(linesOf(opened('1')));
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const { id } of followAuditLog(file, { signal: stop.signal })) {
      seen.push(id);
      if (id === '1') setImmediate(() => appendFileSync(file, linesOf(opened('2'))));
      if (id === '2') {
        appendFileSync(file, linesOf(opened('3')));
        stop.abort();
      }
    }
    expect(seen).toEqual(['1', '2', '3']);
  });

  it('waits for a file that is not there yet, and for the end of a line', async () => {
    const file = newFile();
    const stop = new AbortController();
    const seen = (async () => {
      for await (const { id } of followAuditLog(file, { signal: stop.signal })) return id;
      return null;
    })();
    await nextTurn();
    const line = linesOf(opened('1'));
    writeFileSync(file, line.slice(0, 30));
    await nextTurn();
    appendFileSync(file, line.slice(30));
    expect(await seen).toBe('1');
  });

  it('goes on in the file that takes the place of one that was moved away', async () => {
    const file = newFile(linesOf(opened('1')));
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const { id } of followAuditLog(file, { signal: stop.signal })) {
      seen.push(id);
      if (id === '1') {
        appendFileSync(file, linesOf(opened('2')));
        renameSync(file, `${file}.old`);
        writeFileSync(file, linesOf(opened('3')));
      }
      if (id === '3') stop.abort();
    }
    expect(seen).toEqual(['1', '2', '3']);
  });
});
