import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '@bot-bottle/test-kit';
import { spawn } from '@lydell/node-pty';
import { COMMANDS } from '../src/commands/table.js';
import { BUNDLE, Operator, until } from './support/cli.js';
import { plantLocal } from './support/records.js';

/** An operator with two bottles and `bot-bottle` on the PATH. */
function operatorWithProgram(): Operator {
  const operator = new Operator();
  const bin = join(operator.home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'bot-bottle'), `#!/bin/sh\nexec '${process.execPath}' '${BUNDLE}' "$@"\n`);
  chmodSync(join(bin, 'bot-bottle'), 0o755);
  operator.env['PATH'] = `${bin}:${operator.env['PATH']}`;
  plantLocal(operator, 'one-aaaaa');
  plantLocal(operator, 'two-bbbbb');
  return operator;
}

const names = COMMANDS.map(spec => spec.name);

/** What every shell must offer, whichever way it says it. */
const OFFERS: readonly (readonly [line: string, candidates: readonly string[]])[] = [
  ['bot-bottle pr', ['preserve', 'prune']],
  ['bot-bottle resume ', ['one-aaaaa', 'two-bbbbb']],
  ['bot-bottle show o', ['one-aaaaa']],
  ['bot-bottle start c', ['claude', 'codex']],
  ['bot-bottle start demo --backend ', ['local']],
  ['bot-bottle list --state d', ['dead']],
  ['bot-bottle completion ', ['bash', 'fish', 'zsh']],
  ['bot-bottle prune --dr', ['--dry-run']],
  ['bot-bottle allow t', ['two-bbbbb']],
  ['bot-bottle egress one-aaaaa --replay /etc/hostnam', ['/etc/hostname']],
];

describe('bash completion', () => {
  const operator = operatorWithProgram();

  function complete(line: string): string[] {
    const words = line.split(' ');
    const script = `
      eval "$(bot-bottle completion bash)"
      COMP_WORDS=(${words.map(word => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}
      _bot_bottle
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      env: operator.env,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.split('\n').filter(Boolean).sort();
  }

  it.each(OFFERS)('completes %j', (line, candidates) => {
    expect(complete(line)).toEqual(candidates);
  });

  it('offers every command, and files behind --', () => {
    expect(complete('bot-bottle ')).toEqual([...names, '--help', '--version'].sort());
    expect(complete('bot-bottle start shell -- /etc/hostnam')).toEqual(['/etc/hostname']);
  });
});

describeWith('fish', 'fish completion', () => {
  const operator = operatorWithProgram();

  function complete(line: string): string[] {
    const script = `bot-bottle completion fish | source; complete -C '${line}'`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], {
      env: operator.env,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout
      .split('\n')
      .map(row => row.split('\t')[0] ?? '')
      .filter(Boolean)
      .sort();
  }

  it.each(OFFERS)('completes %j', (line, candidates) => {
    expect(complete(line)).toEqual(candidates);
  });

  it('offers every command', () => {
    expect(complete('bot-bottle ')).toEqual([...names].sort());
  });
});

/** What a person reads: without bells, and without the sequences that colour and clear. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]|[\x07\r]/g, '');
}

describeWith('zsh', 'zsh completion', () => {
  // Zsh completes only for somebody at a terminal.
  it.each(OFFERS)('completes %j', async (line, candidates) => {
    const operator = operatorWithProgram();
    const set =
      'autoload -Uz compinit; compinit -u -D; eval "$(bot-bottle completion zsh)"; PS1=ready:; LISTMAX=0';
    const zsh = spawn('zsh', ['-f', '-i'], { env: operator.env, cwd: operator.home, cols: 100, rows: 40 });
    let shown = '';
    zsh.onData(text => {
      shown += text;
    });
    zsh.write(`${set}\r`);
    await until(() => shown.includes('\x1b[Jready:'));
    shown = '';
    // Twice: the first may only insert what the candidates share.
    zsh.write(`${line}\t\t`);
    await until(() => candidates.every(candidate => withoutControls(shown).includes(candidate)));
    zsh.kill('SIGKILL');
  });
});

describe('what completion scripts ask', () => {
  it('is answered with one value a line, and with silence where something is wrong', async () => {
    const operator = operatorWithProgram();
    expect((await operator.run(['__complete', 'identity'])).stdout).toBe('one-aaaaa\ntwo-bbbbb\n');
    expect((await operator.run(['__complete', 'agent'])).stdout).toMatch(/^demo\nshell\nclaude\n/);
    expect(await operator.run(['__complete', 'nonsense'])).toEqual({ code: 0, stdout: '', stderr: '' });
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), 'nonsense: 1');
    expect(await operator.run(['__complete', 'agent'])).toEqual({ code: 1, stdout: '', stderr: '' });
  });
});
