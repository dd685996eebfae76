/** FAULTS.md rows 1-5 for a log: what a bottle was let do stays on record, whatever kills the keeper or fills its disk. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  describeWith,
  describeWithMounts,
  killAtEachSyscall,
  run,
  temporaryFolder,
  tinyTmpfs,
  trace,
} from '@bot-bottle/test-kit';
import { type BadLine, readAuditLog } from '../src/index.js';
import { auditing } from './built.js';
import { opened } from './records.js';

const folder = temporaryFolder({ memory: true });
const file = join(folder, 'audit', 'shell-abcde.egress.jsonl');

function read(): { ids: string[]; bad: BadLine[] } {
  const bad: BadLine[] = [];
  const ids = [...readAuditLog(file, { onBadLine: line => bad.push(line) })].map(({ id }) => id);
  return { ids, bad };
}

/** Lets ten requests out, and says of each on standard output that it is out. */
const LET_OUT = `
  for (let id = 0; id < 10; id++) {
    log.append(record('opened', String(id)));
    fs.writeSync(1, id + '\\n');
  }`;

const killed = {
  syscalls: ['write', 'openat', 'mkdir', 'close'],
  setup: () => rmSync(join(folder, 'audit'), { recursive: true, force: true }),
};

describeWith('strace', 'an audit log whose writer is killed at any system call', () => {
  it('holds all that was let out, in order, and at most one more', async () => {
    const counts = new Set<number>();
    const hits = await killAtEachSyscall({
      ...killed,
      command: auditing(`const log = new AuditLog(args[0]);${LET_OUT}`, file),
      check: ({ stdout }) => {
        const out = stdout.split('\n').filter(Boolean);
        const { ids, bad } = read();
        expect(bad).toEqual([]);
        expect(ids.slice(0, out.length)).toEqual(out);
        expect(ids.length - out.length).toBeLessThanOrEqual(1);
        counts.add(out.length);
      },
    });
    expect(hits).toBeGreaterThan(20);
    expect(counts.size).toBeGreaterThan(8);
  });

  it('would not, if it wrote at the end of the turn: the naive way', async () => {
    let missing = 0;
    await killAtEachSyscall({
      ...killed,
      command: auditing(
        `fs.mkdirSync(args[1], { recursive: true });
         const file = fs.openSync(args[0], 'a');
         const lines = [];
         const log = { append: record => lines.push(JSON.stringify(record) + '\\n') };
         setImmediate(() => fs.writeSync(file, lines.join('')));
         ${LET_OUT}`,
        file,
        join(file, '..'),
      ),
      syscalls: ['write'],
      check: ({ stdout }) => {
        if (stdout.split('\n').filter(Boolean).length > read().ids.length) missing += 1;
      },
    });
    expect(missing).toBeGreaterThan(5);
  });
});

describeWith('strace', 'the records of one turn', () => {
  it('go out in one write', () => {
    const body = `const log = new AuditLog(args[0]);
      for (let id = 0; id < 100; id++) log.append(record('denied', String(id)));
      await log.close();`;
    const { calls } = trace(auditing(body, file), { syscalls: ['write', 'fsync'] });
    const own = calls.filter(({ args }) => args.includes('egress.jsonl'));
    expect(own.map(({ name }) => name)).toEqual(['write', 'fsync']);
  });
});

/** Fills the disk under an open log, lets things out until that fails, makes room, and goes on. */
const FULL_DISK = `
  const file = args[0] + '/audit/x.jsonl';
  const log = new AuditLog(file, { retryMs: 1 });
  const rest = fs.openSync(args[0] + '/rest', 'w');
  let filled = 0;
  try { for (;;) filled += fs.writeSync(rest, Buffer.alloc(4096)); } catch {}
  fs.ftruncateSync(rest, filled - 2 * 4096); // two pages are left, and the second one ends within a line
  const [out, refused] = [[], []];
  const letOut = id => {
    try { log.append(record('opened', id)); out.push(id); } catch (error) { refused.push(error.code); }
  };
  for (let id = 0; id < 200; id++) letOut(String(id));
  log.append({ ...record('closed', '0'), sent: 1, received: 1, duration: 1 });
  fs.ftruncateSync(rest, 0);
  while (log.failure !== null) await new Promise(resolve => setTimeout(resolve, 1));
  letOut('last');
  await log.close();
  const lines = fs.readFileSync(file, 'utf8').split('\\n').filter(Boolean);
  const events = lines.flatMap(line => {
    try { const { event, id } = JSON.parse(line); return [event + ' ' + id]; } catch { return ['torn']; }
  });
  return { out, refused, events };`;

describeWithMounts('an audit log on a disk that is full', () => {
  it('lets nothing out that it does not hold, keeps the rest, and goes on when there is room', () => {
    const disk = tinyTmpfs(4096 * 32);
    const { stdout, stderr } = run(disk.wrap(auditing(FULL_DISK, disk.folder)));
    expect(stderr).toBe('');
    const { out, refused, events } = JSON.parse(stdout);
    expect(new Set(refused)).toEqual(new Set(['audit-failed']));
    expect(out.length + refused.length).toBe(201);
    expect(out.length).toBeGreaterThan(20);
    const whole = events.filter((event: string) => event !== 'torn');
    expect(whole).toEqual([
      ...out.slice(0, -1).map((id: string) => `opened ${id}`),
      'closed 0',
      'opened last',
    ]);
    // The short write before ENOSPC tore one; the naive way joins the next record to it, and loses both.
    expect(events.filter((event: string) => event === 'torn')).toHaveLength(1);
  });
});

describe('the reader of a large log', () => {
  const large = join(folder, 'large.jsonl');
  const line = `${JSON.stringify(opened('1', { path: '/'.repeat(1000) }))}\n`;

  /** By how many MiB a way of reading it all makes the process grow. */
  function growth(body: string): number {
    const measured = `const before = process.resourceUsage().maxRSS;
      ${body}
      return (process.resourceUsage().maxRSS - before) / 1024;`;
    return Number(run(auditing(measured, large)).stdout);
  }

  it('holds a line of it at a time', () => {
    writeFileSync(large, line.repeat(100_000)); // some 120 MB
    expect(growth('for (const record of readAuditLog(args[0])) record.id;')).toBeLessThan(60);
    expect(growth("fs.readFileSync(args[0], 'utf8').split('\\n')")).toBeGreaterThan(120);
  });
});
