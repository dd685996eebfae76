import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { type ProcessMark, processMark, processState } from './index.js';

const BOOT = '11111111-2222-3333-4444-555555555555';
const SPACE = 'pid:[4026531836]';
const mark: ProcessMark = { pid: 42, startTime: 9000, bootId: BOOT, pidNamespace: SPACE };

/** A made-up /proc, in which process 42 has the given stat. */
function madeUpProc(stat: string | null, bootId = BOOT): string {
  const proc = temporaryFolder({ memory: true });
  mkdirSync(join(proc, 'sys/kernel/random'), { recursive: true });
  writeFileSync(join(proc, 'sys/kernel/random/boot_id'), `${bootId}\n`);
  mkdirSync(join(proc, 'self/ns'), { recursive: true });
  symlinkSync(SPACE, join(proc, 'self/ns/pid'));
  mkdirSync(join(proc, '42'));
  if (stat !== null) writeFileSync(join(proc, '42/stat'), stat);
  return proc;
}

const statOf = (startTime: number, state = 'S', name = 'node') =>
  `42 (${name}) ${state} 1 42 42 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 11 0 ${startTime} 1 2 3 4\n`;

/** The naive way, as kill(pid, 0) does it: whoever has the number is the one. */
const isThere = (proc: string) => existsSync(join(proc, '42'));

describe('processState', () => {
  it.each([
    ['runs since the same moment', statOf(9000), 'alive'],
    ['is stopped', statOf(9000, 'T'), 'alive'],
    ['waits for a disk', statOf(9000, 'D'), 'alive'],
    ['has a name made to mislead', statOf(9000, 'S', 'a) Z 1 (b c'), 'alive'],
    ['started at another moment: the id was given out again', statOf(9001), 'dead'],
    ['is a zombie', statOf(9000, 'Z'), 'dead'],
    ['is being removed', statOf(9000, 'X'), 'dead'],
    ['cannot be made out', 'garbage', 'unknown'],
    ['has an empty stat', '', 'unknown'],
  ])('of a process that %s', (_, stat, expected) => {
    const proc = madeUpProc(stat);
    expect(processState(mark, { proc })).toBe(expected);
    expect(isThere(proc)).toBe(true);
  });

  it('is dead where there is no such process, and unknown where /proc only hides it', () => {
    const proc = madeUpProc(null);
    expect(processState(mark, { proc, exists: () => false })).toBe('dead');
    expect(processState(mark, { proc, exists: () => true })).toBe('unknown');
  });

  it('is dead after a reboot, though the same id started at the same moment', () => {
    const proc = madeUpProc(statOf(9000), '99999999');
    expect(processState(mark, { proc })).toBe('dead');
    expect(isThere(proc)).toBe(true);
  });

  it('is unknown in another PID namespace, but dead when that was before a reboot', () => {
    const elsewhere = { ...mark, pidNamespace: 'pid:[4026532999]' };
    expect(processState(elsewhere, { proc: madeUpProc(statOf(9000)) })).toBe('unknown');
    expect(processState(elsewhere, { proc: madeUpProc(statOf(9000), '99999999') })).toBe('dead');
  });

  it('follows a real process from its start to its end', async () => {
    const child = spawn('sleep', ['60']);
    const { bootId, pidNamespace } = processMark();
    const pid = Number(child.pid);
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const real = { pid, startTime: Number(fields[19]), bootId, pidNamespace };
    expect(processState(real)).toBe('alive');
    child.kill('SIGSTOP');
    expect(processState(real)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(processState(real)).toBe('dead');
  });
});

describe('processMark', () => {
  it('tells this process, the same each time, and says that it lives', () => {
    expect(processMark()).toEqual(processMark());
    expect(processMark()).toMatchObject({
      pid: process.pid,
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      pidNamespace: execFileSync('readlink', ['/proc/self/ns/pid']).toString().trim(),
    });
    expect(processState(processMark())).toBe('alive');
  });

  it('refuses where /proc does not tell', () => {
    const nothing = temporaryFolder({ memory: true });
    expect(() => processMark({ proc: nothing })).toThrow(
      expect.objectContaining({ code: 'unsupported-platform' }),
    );
  });
});
