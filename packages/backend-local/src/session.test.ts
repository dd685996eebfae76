import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunningBottle } from '@bot-bottle/backend';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { finish, operator, run } from '../test/bottle.js';

const { backend, spec } = operator();

/** A session that can be typed into; `shows` resolves when the text has appeared after the last thing shown. */
function type(bottle: RunningBottle) {
  let unread = '';
  let look = () => {};
  bottle.terminal.onData(chunk => {
    unread += Buffer.from(chunk).toString();
    look();
  });
  return {
    write: (text: string) => bottle.terminal.write(text),
    shows: (text: string) =>
      new Promise<void>(resolve => {
        look = () => {
          const at = unread.indexOf(text);
          if (at === -1) return;
          unread = unread.slice(at + text.length);
          look = () => {};
          resolve();
        };
        look();
      }),
  };
}

describeWith(['bwrap', 'git'], 'a session in a bottle', () => {
  it('runs git, node and bash, each as the user agent in a home of its own', async () => {
    const script = `
      set -e
      git init -q . && git config --global user.email a@example.com && git config --global user.name agent
      echo one >file && git add file && git commit -qm first && git --no-pager log --format=%s
      NO_COLOR=1 node -p '6 * 7 + " " + require("os").userInfo().username'
      bash -c 'echo $((40 + 2)) $(whoami) ~'`;
    const own = dirname(process.execPath);
    const tools = own.startsWith('/usr/') ? {} : { toolPaths: [own], env: { PATH: `${own}:/usr/bin:/bin` } };
    const wanted = spec('sessn-tools', { command: ['bash', '-c', script], ...tools });
    const { code, output } = await run(backend, wanted);
    expect(output).toBe('first\n42 agent\n42 agent /home/agent\n');
    expect(code).toBe(0);
  });

  it('has job control: interrupts reach the foreground program alone, and it can be suspended', async () => {
    const wanted = spec('sessn-jobsc', { command: ['bash', '--norc', '-i'], env: { PS1: 'ready> ' } });
    const bottle = await backend.launch(await backend.prepare(wanted), ptyHost());
    const terminal = type(bottle);
    await terminal.shows('ready> ');
    // Each says by its own output, not by the echo of what was typed, that the terminal is its own.
    const foreground = (digit: number, program: string) =>
      terminal.write(`sh -c 'echo up-$((${digit} + 1)); exec ${program}'\n`);
    foreground(1, 'sleep 600');
    await terminal.shows('up-2');
    terminal.write('\x1a');
    await terminal.shows('Stopped');
    foreground(2, 'cat');
    await terminal.shows('up-3');
    terminal.write('\x03');
    await terminal.shows('ready> ');
    await backend.stop(wanted, { graceMs: 0 });
    expect(await bottle.exited).toEqual({ code: 137 });
  });

  it('shows its secrets to nobody: neither on a command line of the host nor in a file', async () => {
    const secret = `secret-${process.pid}-${performance.now()}`;
    const command = ['sh', '-c', 'test -n "$TOKEN" && echo up && sleep 600'];
    const wanted = spec('sessn-secrt', { command, env: { TOKEN: secret } });
    const bottle = await backend.launch(await backend.prepare(wanted), ptyHost());
    await type(bottle).shows('up');
    const lines = readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(pid => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        } catch {
          return '';
        }
      });
    expect(lines.some(line => line.includes('--args'))).toBe(true);
    expect(lines.filter(line => line.includes(secret))).toEqual([]);
    const entries = readdirSync(wanted.stateFolder, { withFileTypes: true });
    const files = entries.filter(entry => entry.isFile()).map(({ name }) => name);
    for (const name of files)
      expect(readFileSync(join(wanted.stateFolder, name), 'utf8')).not.toContain(secret);
    expect(statSync(wanted.stateFolder).mode & 0o777).toBe(0o700);
    await backend.stop(wanted, { graceMs: 0 });
    await bottle.exited;
  });

  it('hands out nothing of bubblewrap’s own environment', async () => {
    const wanted = spec('sessn-envir', { command: ['sh', '-c', 'wc -c </proc/1/environ'] });
    expect((await run(backend, wanted)).output.trim()).toBe('0');
  });

  it('sees a file over its system’s own, through links, and none where its system has none', async () => {
    const bundles = [
      '/etc/ssl/certs/ca-certificates.crt',
      '/etc/pki/tls/certs/ca-bundle.crt',
      '/etc/ssl/cert.pem',
    ];
    const there = bundles.filter(path => existsSync(path));
    const source = join(temporaryFolder(), 'bundle.pem');
    writeFileSync(source, 'the bottle’s own\n');
    const files = [...bundles, '/etc/ssl/certs/of-nobody.pem'].map(target => ({ source, target }));
    const command = [
      'sh',
      '-c',
      'for file; do cat "$file"; ls "$file"; done 2>/dev/null',
      'probe',
      ...files.map(({ target }) => target),
    ];
    const { output } = await run(backend, spec('sessn-files', { command, files }));
    expect(output).toBe(there.map(path => `the bottle’s own\n${path}\n`).join(''));
    expect(there).not.toEqual([]);
  });

  it('leaves no secret when no terminal can be had', async () => {
    const wanted = spec('sessn-nopty', { env: { TOKEN: 'secret' } });
    const host = {
      openTerminal(): never {
        throw new Error('out of pty devices');
      },
    };
    await expect(backend.launch(await backend.prepare(wanted), host)).rejects.toMatchObject({
      code: 'launch-failed',
      message: 'no terminal: out of pty devices',
    });
    expect(await backend.status(wanted)).toEqual({ state: 'prepared' });
  });

  it('ends with 127 for a command that does not exist', async () => {
    const { code, output } = await run(backend, spec('sessn-absnt', { command: ['no-such-agent'] }));
    expect(code).toBe(127);
    expect(output).toContain('no-such-agent');
  });

  it('keeps what it shows before anybody listens', async () => {
    const wanted = spec('sessn-early', { command: ['sh', '-c', 'echo early; sleep 0.3; echo late'] });
    const bottle = await backend.launch(await backend.prepare(wanted), ptyHost());
    await new Promise(resolve => setTimeout(resolve, 150));
    expect((await finish(bottle)).output).toBe('early\nlate\n');
  });

  it.each([
    ['an empty command', { command: [''] }],
    ['a NUL in the command', { command: ['a\0b'] }],
    ['a NUL in a value', { env: { A: 'x\0--bind' } }],
    ['a name that is none', { env: { 'A=B': 'x' } }],
    ['a limit of nothing', { limits: { processes: 0 } }],
    ['half a process', { limits: { processes: 1.5 } }],
    ['endless memory', { limits: { memoryBytes: Number.POSITIVE_INFINITY } }],
  ])('refuses %s', async (_what, changes) => {
    await expect(backend.prepare(spec('sessn-wrong', changes))).rejects.toMatchObject({ code: 'bad-spec' });
  });
});
