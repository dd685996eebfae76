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

type Offer = readonly [line: string, candidates: readonly string[]];

/** What every shell must offer, whichever way it says it. */
const OFFERS: readonly Offer[] = [
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

/** Every option of every command. */
const OPTIONS: readonly Offer[] = COMMANDS.map(({ name, options = [] }) => [
  `bot-bottle ${name} --`,
  [...options.map(option => `--${option.name}`), '--help'].sort(),
]);

/** What a shell offers for each line, sorted; it is started once and prints `END` behind the candidates of each. */
function completeAll(
  operator: Operator,
  shell: readonly string[],
  lines: readonly string[],
): Map<string, string[]> {
  const [file = '', ...args] = [...shell, ...lines];
  const { stdout, stderr } = spawnSync(file, args, { env: operator.env, encoding: 'utf8' });
  expect(stderr).toBe('');
  const answers = stdout.split('END\n').map(text => text.split('\n').filter(Boolean).sort());
  return new Map(lines.map((line, index) => [line, answers[index] ?? []]));
}

const EVERY_COMMAND = 'bot-bottle ';
const BEHIND_DASHES = 'bot-bottle start shell -- /etc/hostnam';

const BASH = `eval "$(bot-bottle completion bash)"
for line; do
  read -ra COMP_WORDS <<<"$line"
  case $line in *' ') COMP_WORDS+=('') ;; esac
  COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
  _bot_bottle
  printf '%s\\n' "\${COMPREPLY[@]}" END
done`;

const FISH = `bot-bottle completion fish | source
for line in $argv
  complete -C $line | string replace --regex '\\t.*' ''
  echo END
end`;

const SHELLS = [
  ['bash', ['bash', '--norc', '-c', BASH, 'bash'], ['--help', '--version']],
  ['fish', ['fish', '--no-config', '-c', FISH], []],
] as const;

describe.each(SHELLS)('%s completion', (shell, command, flags) => {
  describeWith(shell, 'of bot-bottle', () => {
    const offers = [...OFFERS, ...OPTIONS];
    let offered: Map<string, string[]>;

    beforeAll(() => {
      const lines = [...offers.map(([line]) => line), EVERY_COMMAND, BEHIND_DASHES];
      offered = completeAll(operatorWithProgram(), command, lines);
    });

    it.each(offers)('completes %j', (line, candidates) => {
      // Where the value may be left out, fish offers the option in both forms.
      expect(offered.get(line)?.filter(candidate => !candidate.endsWith('='))).toEqual(candidates);
    });

    it('offers every command, and files behind --', () => {
      expect(offered.get(EVERY_COMMAND)).toEqual([...names, ...flags].sort());
      expect(offered.get(BEHIND_DASHES)).toEqual(['/etc/hostname']);
    });
  });
});

/** Zsh completes only for somebody at a terminal. */
class ZshUser {
  readonly #zsh = spawn('zsh', ['-f', '-i'], { env: operatorWithProgram().env, cols: 100, rows: 60 });
  #shown = '';

  constructor() {
    this.#zsh.onData(text => {
      this.#shown += text;
    });
  }

  async begin(): Promise<void> {
    const set = 'autoload -Uz compinit; compinit -u -D; eval "$(bot-bottle completion zsh)"; LISTMAX=0';
    this.#zsh.write(`${set}; PS1=ready:\r`);
    await this.#sees(shown => shown.includes('\x1b[Jready:'));
  }

  /** Types the line and asks, until every candidate is shown. */
  async isOffered(line: string, candidates: readonly string[]): Promise<void> {
    this.#shown = '';
    // Ctrl-U clears the line. Asked twice: the first may only insert what the candidates share.
    this.#zsh.write(`\x15${line}\t\t`);
    await this.#sees(shown => candidates.every(candidate => withoutControls(shown).includes(candidate)));
  }

  end(): void {
    this.#zsh.kill('SIGKILL');
  }

  async #sees(condition: (shown: string) => boolean): Promise<void> {
    await until(() => condition(this.#shown));
  }
}

/** What a person reads: without bells, and without the sequences that colour and clear. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]|[\x07\r]/g, '');
}

describeWith('zsh', 'zsh completion', () => {
  let user: ZshUser;

  beforeAll(async () => {
    user = new ZshUser();
    await user.begin();
  });

  afterAll(() => user.end());

  it.each([...OFFERS, ...OPTIONS, [EVERY_COMMAND, names] as Offer])(
    'completes %j',
    async (line, candidates) => {
      await user.isOffered(line, candidates);
    },
  );
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
