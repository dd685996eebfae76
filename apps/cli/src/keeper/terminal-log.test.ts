import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { rotatedLog, TerminalLog } from './terminal-log.js';

const bytes = (text: string) => Buffer.from(text);

describe('the terminal log', () => {
  it('begins anew when it is full, and keeps the one before', () => {
    const path = join(temporaryFolder(), 'terminal.log');
    const log = new TerminalLog(path, 8);
    for (const text of ['one', 'two', 'three', 'four']) log.append(bytes(text));
    log.close();
    expect([rotatedLog(path), path].map(file => readFileSync(file, 'utf8'))).toEqual(['three', 'four']);
  });

  it('goes on behind what is there', () => {
    const path = join(temporaryFolder(), 'terminal.log');
    for (const text of ['one ', 'two']) {
      const log = new TerminalLog(path);
      log.append(bytes(text));
      log.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('one two');
  });

  it('writes to no other file when there is no room for a new one, and has one later', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'terminal.log');
    let room = true;
    const log = new TerminalLog(path, 4, name => {
      if (!room) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      return openSync(name, 'a', 0o600);
    });
    log.append(bytes('old'));
    room = false;
    expect(() => log.append(bytes('lost'))).toThrow('no space');
    // Who opens the next file gets the lowest number that is free.
    const other = openSync(join(folder, 'other'), 'a');
    log.append(bytes('!'));
    room = true;
    log.append(bytes('new'));
    log.close();
    closeSync(other);
    expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('');
    expect([rotatedLog(path), path].map(file => readFileSync(file, 'utf8'))).toEqual(['old!', 'new']);
  });
});
