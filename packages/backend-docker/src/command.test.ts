import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from './command.js';

/** As a client with a plug-in, which it starts beside itself and waits for. Says the plug-in's process id. */
const CLIENT = ['-c', 'sleep 600 & echo $!; wait'];
const LONG = 600_000;

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

describe('what a command has started', () => {
  let plugin = 0;
  const options = {
    env: process.env,
    timeoutMs: LONG,
    onLine: (line: string) => {
      plugin = Number(line);
    },
  };

  async function expectGone(): Promise<void> {
    expect(plugin).toBeGreaterThan(1);
    while (isAlive(plugin)) await sleep(5);
  }

  beforeEach(() => {
    plugin = 0;
  });

  it('ends with it when it is aborted, and the promise rejects with an AbortError', async () => {
    const stop = new AbortController();
    const onLine = (line: string) => {
      options.onLine(line);
      expect(isAlive(plugin)).toBe(true);
      stop.abort();
    };
    const run = runCommand('sh', CLIENT, { ...options, onLine, signal: stop.signal });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    await expectGone();
  });

  it('ends with it when its input fails, and the promise rejects with that', async () => {
    const input = new Readable({ read() {} });
    const onLine = (line: string) => {
      options.onLine(line);
      input.destroy(new Error('the disk failed'));
    };
    await expect(runCommand('sh', CLIENT, { ...options, onLine, input })).rejects.toThrow('the disk failed');
    await expectGone();
  });

  it('ends with it once its first line is there', async () => {
    expect(await runCommand('sh', CLIENT, { ...options, firstLine: true })).toMatchObject({ code: null });
    await expectGone();
  });

  it('is not there at all where the signal was aborted before', async () => {
    const run = runCommand('sh', CLIENT, { ...options, signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(plugin).toBe(0);
  });
});
