import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { killHolders } from './processes.js';

/** A shell that runs until it is killed, with the file at descriptor 9. */
async function holder(redirection: string, file: string, around: readonly string[] = []) {
  const script = `exec 9${redirection}"$1"; echo held; while :; do sleep 0.05; done`;
  const [program = 'sh', ...args] = [...around, 'sh', '-c', script, 'sh', file];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return { child, ended, alive: () => child.exitCode === null && child.signalCode === null };
}

describeWith(['unshare', 'setsid'], 'those that hold a file open for writing', () => {
  let file: string;
  beforeEach(() => {
    // On a mount of its own: in the link to a file, that is what may be missing.
    file = join(temporaryFolder({ memory: true }), 'seccomp.bpf');
    writeFileSync(file, '');
  });

  it('are killed, and nobody else is', async () => {
    const other = `${file}.other`;
    writeFileSync(other, '');
    const [writer, reader, stranger] = [
      await holder('<>', file),
      await holder('<', file),
      await holder('<>', other),
    ];
    await killHolders(file);
    expect((await writer.ended)[1]).toBe('SIGKILL');
    expect([reader.alive(), stranger.alive()]).toEqual([true, true]);
    for (const { child, ended } of [reader, stranger]) {
      child.kill('SIGKILL');
      await ended;
    }
  });

  it('are killed also where another file has its place now', async () => {
    const { ended } = await holder('<>', file);
    writeFileSync(`${file}.new`, '');
    renameSync(`${file}.new`, file);
    await killHolders(file);
    expect((await ended)[1]).toBe('SIGKILL');
  });

  it('are killed also where the mount namespace is gone in which they opened it', async () => {
    // In one that ends with its only process the file is opened; in another one it is held.
    const pidFile = `${file}.pid`;
    const inner = `exec 8>&-; echo $$ >${pidFile}; while :; do sleep 0.05; done`;
    const script = `exec 9<>${file}; setsid unshare --mount sh -c '${inner}' &\nwhile [ ! -s ${pidFile} ]; do sleep 0.01; done`;
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
    const outer = spawn('unshare', [...user, '--mount', 'sh', '-c', script], { stdio: 'inherit' });
    expect((await once(outer, 'exit'))[0]).toBe(0);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    try {
      const link = () => readlinkSync(`/proc/${pid}/fd/9`);
      while (link() === file) await new Promise(resolve => setTimeout(resolve, 10));
      expect(link()).toMatch(new RegExp(`^/.*${basename(file)}$`));
      await killHolders(file);
      expect(existsSync(`/proc/${pid}/exe`)).toBe(false);
    } finally {
      if (existsSync(`/proc/${pid}/exe`)) process.kill(pid, 'SIGKILL');
    }
  });
});
