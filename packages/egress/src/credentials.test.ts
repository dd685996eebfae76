import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Credential } from '@bot-bottle/live-config';
import { run, temporaryFolder } from '@bot-bottle/test-kit';
import { openCredentials } from './credentials.js';

const folder = temporaryFolder();
const secret = 'sk-0123456789';
let count = 0;
const file = (content: string | Uint8Array) => {
  count += 1;
  const path = join(folder, `secret-${count}`);
  writeFileSync(path, content);
  return path;
};
const sh = (script: string): Credential => ({ command: ['sh', '-c', script] });
const open = (env: Record<string, string> = {}) =>
  openCredentials({ env: { PATH: process.env['PATH'], ...env }, commandMs: 1000 });

/** A command that prints what is in `value`, and how often it ran. */
function counted(value: string) {
  const values = file(value);
  const runs = file('');
  return {
    credential: sh(`echo . >> ${runs}; cat ${values}`),
    set: (next: string) => writeFileSync(values, next),
    runs: () => readFileSync(runs, 'utf8').length / 2,
  };
}

describe('openCredentials', () => {
  it.each<[string, Credential]>([
    ['a variable', { env: 'KEY' }],
    ['a file, without the newline at its end', { file: file(`${secret}\r\n`) }],
    ['a file behind a link', { file: link(file(secret)) }],
    ['a command, without the newline at its end', { command: ['printf', '%s\\n', secret] }],
    ['a command that reads its environment', sh('echo "$KEY"')],
  ])('has the value of %s', async (_, credential) => {
    await expect(open({ KEY: secret }).get(credential)).resolves.toBe(secret);
  });

  it('runs a command in / and without a shell', async () => {
    await expect(open().get(sh('pwd'))).resolves.toBe('/');
    await expect(open().get({ command: ['echo', '$HOME;', '`id`'] })).resolves.toBe('$HOME; `id`');
  });

  it.each<[string, Credential, string]>([
    [
      'a variable that is not set',
      { env: 'ABSENT' },
      'the variable ABSENT is not set where bot-bottle was started',
    ],
    ['an empty variable', { env: 'EMPTY' }, 'the variable EMPTY is empty'],
    ['a value with a line break', { env: 'SPLIT' }, 'a line break'],
    ['a value with NUL', { file: file(`${secret}\0`) }, 'is no header value'],
    ['a value beyond ASCII', { file: file(`${secret}é`) }, 'is no header value'],
    ['a file that is not there', { file: '/nonexistent' }, 'the file /nonexistent cannot be read (ENOENT)'],
    ['a folder', { file: folder }, `the file ${folder} is not a regular file`],
    ['a FIFO that nobody writes to', { file: fifo() }, 'is not a regular file'],
    ['an endless device', { file: '/dev/zero' }, 'is not a regular file'],
    ['a large file', { file: file(secret.repeat(1000)) }, 'has more than 8192 bytes'],
    ['a program that is not there', { command: ['/nonexistent', secret] }, 'cannot be run (ENOENT)'],
    [
      'a program that fails',
      sh(`echo ${secret}; echo ${secret} >&2; exit 3`),
      'the command sh failed (exit 3)',
    ],
    ['a program that is killed', sh(`echo ${secret}; kill -9 $$`), 'the command sh failed (SIGKILL)'],
    ['a program that prints nothing', { command: ['true'] }, 'what the command true prints is empty'],
    ['a program without end', { command: ['yes', secret] }, 'the command yes printed more than 8192 bytes'],
    ['a program that hangs', sh(`echo ${secret}; sleep 60`), 'the command sh took longer than 1000 ms'],
    ['a program whose child hangs', sh(`echo ${secret}; sleep 60 & exit 0`), 'took longer than 1000 ms'],
  ])('refuses %s, without repeating any of the value', async (_, credential, message) => {
    const credentials = open({ EMPTY: ' \n', SPLIT: `${secret}\r\nX-Other: 1` });
    const error = await credentials.get(credential).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'credential-unavailable',
      message: expect.stringContaining(message),
    });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(secret);
  });

  it('leaves no process behind of a program that hangs', async () => {
    const pids = file('');
    await expect(open().get(sh(`sleep 61 & echo $! > ${pids}; wait`))).rejects.toThrow('took longer');
    const pid = readFileSync(pids, 'utf8').trim();
    // A zombie that init has not taken yet has ended as well.
    const state = () => run(['ps', '-o', 'stat=', '-p', pid]).stdout.trim();
    while (!/^Z?$/.test(state().slice(0, 1))) await wait(10);
    expect(state()).toMatch(/^Z?/);
  });

  it('fetches once for all who need it at once, and keeps it in memory', async () => {
    const { credential, runs } = counted(secret);
    const credentials = open();
    const values = await Promise.all(Array.from({ length: 20 }, () => credentials.get(credential)));
    expect(new Set(values)).toEqual(new Set([secret]));
    await credentials.get({ ...credential, header: 'x-api-key' });
    expect(runs()).toBe(1);
  });

  it('fetches once more for all whose value was refused', async () => {
    const { credential, runs, set } = counted('old');
    const credentials = open();
    await credentials.get(credential);
    set('new');
    const values = await Promise.all(
      Array.from({ length: 20 }, () => credentials.refresh(credential, 'old')),
    );
    expect(new Set(values)).toEqual(new Set(['new']));
    await expect(credentials.refresh(credential, 'old')).resolves.toBe('new');
    await expect(credentials.get(credential)).resolves.toBe('new');
    expect(runs()).toBe(2);
  });

  it('does not fetch again for ten seconds what was refused and came again', async () => {
    const { credential, runs, set } = counted('bad');
    let now = 0;
    const credentials = openCredentials({ env: process.env, now: () => now });
    await credentials.get(credential);
    for (let again = 0; again < 5; again += 1) {
      await expect(credentials.refresh(credential, 'bad')).resolves.toBe('bad');
    }
    expect(runs()).toBe(2);
    set('good');
    now = 10_000;
    await expect(credentials.refresh(credential, 'bad')).resolves.toBe('good');
  });

  it('does not fetch again for ten seconds what could not be had, and then does', async () => {
    const { credential, runs, set } = counted('');
    let now = 0;
    const credentials = openCredentials({ env: process.env, now: () => now });
    for (let again = 0; again < 5; again += 1)
      await expect(credentials.get(credential)).rejects.toThrow('is empty');
    expect(runs()).toBe(1);
    set('good');
    now = 10_000;
    await expect(credentials.get(credential)).resolves.toBe('good');
  });

  it('keeps the value that it has where a newer one cannot be had', async () => {
    const { credential, set } = counted('old');
    const credentials = open();
    await credentials.get(credential);
    set('');
    await expect(credentials.refresh(credential, 'old')).rejects.toThrow('is empty');
    await expect(credentials.get(credential)).resolves.toBe('old');
  });
});

function link(target: string): string {
  const path = join(mkdtempSync(join(folder, 'link-')), 'secret');
  symlinkSync(target, path);
  return path;
}

function fifo(): string {
  const path = join(mkdtempSync(join(folder, 'fifo-')), 'secret');
  run(['mkfifo', path]);
  return path;
}
