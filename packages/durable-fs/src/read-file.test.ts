import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { run, temporaryFolder } from '@bot-bottle/test-kit';
import { DEFAULT_MAX_BYTES, readBytesOrAbsent, readFileOrAbsent } from './index.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder({ memory: true });
  path = join(folder, 'file');
});

const refusal = (code: string) => expect.objectContaining({ name: 'DurableFsError', code, path });

describe('readFileOrAbsent', () => {
  it('reads text as it is', () => {
    const text = '\u{feff}grüße 🍾\r\n\0 end';
    writeFileSync(path, text);
    expect(readFileOrAbsent(path)).toBe(text);
    writeFileSync(path, '');
    expect(readFileOrAbsent(path)).toBe('');
  });

  it('says null where there is nothing, also where the folder above is absent', () => {
    expect(readFileOrAbsent(path)).toBeNull();
    expect(readFileOrAbsent(join(path, 'below'))).toBeNull();
  });

  it('refuses bytes that are no UTF-8, and readBytesOrAbsent gives them', () => {
    const bytes = Buffer.from([0x66, 0xff, 0x6f]);
    writeFileSync(path, bytes);
    expect(() => readFileOrAbsent(path)).toThrow(refusal('not-text'));
    expect(readFileSync(path, 'utf8')).toBe('f\u{fffd}o');
    expect(Buffer.from(readBytesOrAbsent(path) ?? []).equals(bytes)).toBe(true);
  });

  it('refuses more than the bound, by default 16 MiB', () => {
    writeFileSync(path, 'x'.repeat(11));
    expect(() => readFileOrAbsent(path, { maxBytes: 10 })).toThrow(refusal('too-large'));
    expect(readFileOrAbsent(path, { maxBytes: 11 })).toHaveLength(11);
    writeFileSync(path, Buffer.alloc(DEFAULT_MAX_BYTES));
    expect(readBytesOrAbsent(path)).toHaveLength(16 * 1024 * 1024);
    writeFileSync(path, Buffer.alloc(DEFAULT_MAX_BYTES + 1));
    expect(() => readBytesOrAbsent(path)).toThrow(refusal('too-large'));
  });

  it('reads on, up to the bound, where a file is larger than it says', () => {
    // Files of /proc all claim to be empty.
    expect(readFileOrAbsent('/proc/self/status')).toContain('Pid:');
    expect(() => readFileOrAbsent('/proc/self/status', { maxBytes: 100 })).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  it('refuses a link, also one to a good file, and also with a slash at the end', () => {
    writeFileSync(join(folder, 'good'), 'x');
    symlinkSync('good', path);
    expect(() => readFileOrAbsent(path)).toThrow(refusal('not-a-file'));
    expect(() => readFileOrAbsent(`${path}/`)).toThrow(expect.objectContaining({ code: 'not-a-file' }));
    expect(readFileSync(path, 'utf8')).toBe('x');
  });

  it('refuses a folder, a FIFO, a socket and a device, and does not wait on them', async () => {
    mkdirSync(path);
    expect(() => readFileOrAbsent(path)).toThrow(refusal('not-a-file'));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    // The plain open(2) waits until somebody writes: timeout(1) says 124 where it had to end it.
    expect(run(['timeout', '0.3', 'cat', join(folder, 'fifo')]).status).toBe(124);
    const server = createServer();
    await new Promise<void>(resolve => server.listen(join(folder, 'socket'), resolve));
    for (const special of [join(folder, 'fifo'), join(folder, 'socket'), '/dev/zero']) {
      expect(() => readFileOrAbsent(special)).toThrow(expect.objectContaining({ code: 'not-a-file' }));
    }
    await new Promise(resolve => server.close(resolve));
  });

  it('refuses a path that names nothing or leads through a file', () => {
    expect(() => readFileOrAbsent('')).toThrow(expect.objectContaining({ code: 'bad-path' }));
    expect(() => readFileOrAbsent('a\0b')).toThrow(expect.objectContaining({ code: 'bad-path' }));
    writeFileSync(path, '');
    expect(() => readFileOrAbsent(join(path, 'below'))).toThrow(
      expect.objectContaining({ code: 'not-a-folder' }),
    );
  });

  it('leaves no file open', () => {
    writeFileSync(path, Buffer.from([0xff]));
    const before = readdirSync('/proc/self/fd').length;
    for (let n = 0; n < 100; n += 1) {
      expect(() => readFileOrAbsent(path)).toThrow();
      expect(() => readFileOrAbsent(path, { maxBytes: 0 })).toThrow();
    }
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 50);
  });
});
