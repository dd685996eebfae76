import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { isAlive, type ProcessRecord, readProcessRecord } from './record.js';

const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const stat = readFileSync('/proc/self/stat', 'utf8').trim();
const file = join(temporaryFolder(), 'process');

function recorded(text: string): ProcessRecord | null {
  writeFileSync(file, text);
  return readProcessRecord(file);
}

const own = () => recorded(`${boot}\n${stat}\n`) as ProcessRecord;

describe('the record of a sandbox', () => {
  it('names a process that runs', () => {
    expect(own().pid).toBe(process.pid);
    expect(isAlive(own())).toBe(true);
  });

  it('does not take a later process with the same number for it', () => {
    expect(isAlive({ ...own(), startTime: '1' })).toBe(false);
  });

  it('does not take a process after a reboot for it', () => {
    expect(isAlive({ ...own(), bootId: '00000000-0000-0000-0000-000000000000' })).toBe(false);
  });

  it('does not take a number that nobody has for a process', () => {
    expect(isAlive({ ...own(), pid: 2 ** 22 + 1 })).toBe(false);
  });

  it('is not misled by a program whose name looks like fields', () => {
    const odd = stat.replace(/\(.*\)/, '(a) S 1 2 (b) Z 9 9)');
    expect(recorded(`${boot}\n${odd}\n`)).toEqual(own());
  });

  it.each(['', '\n', boot, `${boot}\n`, `${boot}\nnonsense`, `${boot}\n${stat.slice(0, 20)}`, '\0\0\0\0'])(
    'reads as none when it is cut off or filled with something else: %j',
    text => {
      expect(recorded(text)).toBeNull();
    },
  );

  it('reads as none when it is absent', () => {
    expect(readProcessRecord(`${file}.absent`)).toBeNull();
  });
});
