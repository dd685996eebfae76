/** What goes wrong around bot-bottle: the disk, the current folder, the terminal, another user's files. */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { BUNDLE, Operator } from './support/cli.js';
import { plant, plantLocal } from './support/records.js';

/** Runs a line of shell in which `bot-bottle` is the program. */
function shell(
  operator: Operator,
  script: string,
): { status: number | null; stdout: string; stderr: string } {
  const program = `bot-bottle() { '${process.execPath}' '${BUNDLE}' "$@"; }`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `${program}\n${script}`], {
    env: operator.env,
    cwd: operator.home,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('an output that cannot be written', () => {
  const operator = new Operator();
  plantLocal(operator, 'one-aaaaa');

  it.each([
    ['list', 1],
    ['list --json', 1],
    ['start --help', 125],
  ])('fails with one line: %s', (line, code) => {
    expect(shell(operator, `bot-bottle ${line} >/dev/full`)).toEqual({
      status: code,
      stdout: '',
      stderr: 'bot-bottle: the output cannot be written: ENOSPC: no space left on device, write\n',
    });
  });

  it('fails, in silence where nobody can be told', () => {
    expect(shell(operator, 'bot-bottle list >/dev/full 2>&1')).toEqual({ status: 1, stdout: '', stderr: '' });
    expect(shell(operator, 'bot-bottle --version >/dev/full')).toEqual({ status: 1, stdout: '', stderr: '' });
  });

  it('is no failure where its reader has seen enough', () => {
    for (let bottle = 10_000; bottle < 13_000; bottle++) plant(operator, `many-${bottle}`);
    expect(shell(operator, `set -o pipefail; bot-bottle list --json | head -n 1`)).toEqual({
      status: 0,
      stdout: '[\n',
      stderr: '',
    });
  });
});

describe('a current folder that was removed', () => {
  const removed = 'mkdir gone && cd gone && rmdir ../gone';

  it('does not matter to those who do not need it', () => {
    const operator = new Operator();
    plantLocal(operator, 'one-aaaaa');
    expect(shell(operator, `${removed}; bot-bottle list --quiet`)).toEqual({
      status: 0,
      stdout: 'one-aaaaa\n',
      stderr: '',
    });
  });

  it('is named to those who do', () => {
    expect(shell(new Operator(), `${removed}; bot-bottle start demo`)).toEqual({
      status: 125,
      stdout: '',
      stderr: 'bot-bottle: the current folder was removed; expected one that is there\n  try: cd\n',
    });
  });
});

describe("the root's configuration", () => {
  it('that is a folder is named, with what to look at', async () => {
    const operator = new Operator({ root: join(temporaryFolder(), "the operator's root") });
    const file = join(operator.root, 'bot-bottle.yaml');
    mkdirSync(file, { recursive: true });
    expect(await operator.run(['agents'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `bot-bottle: ${file} cannot be read: it is a folder; expected a file of yours\n  try: ls -ld '${file.replace("'", "'\\''")}'\n`,
    });
  });

  it('that is no text is not poured onto the terminal', async () => {
    const operator = new Operator();
    mkdirSync(operator.root);
    writeFileSync(join(operator.root, 'bot-bottle.yaml'), 'x'.repeat(100_000));
    const { code, stderr } = await operator.run(['agents']);
    expect([code, stderr.length < 500]).toEqual([1, true]);
    expect(stderr).toMatch(/bot-bottle\.yaml:1:1: the file is "x{50,60}\.\.\.; expected/);
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;

  asRoot(
    "in another user's root folder is not followed, and no bottle starts there (needs root)",
    async () => {
      const operator = new Operator();
      mkdirSync(operator.root);
      writeFileSync(join(operator.root, 'bot-bottle.yaml'), 'backends: { evil: ./evil.cjs }\n');
      chownSync(operator.root, 12_345, 12_345);
      const refusal = {
        stdout: '',
        stderr: `bot-bottle: ${operator.root} belongs to user 12345; expected a root folder of yours\n  try: ls -ld ${operator.root}\n  try: bot-bottle doctor\n`,
      };
      expect(await operator.run(['agents'])).toEqual({ code: 1, ...refusal });
      expect(await operator.run(['start', 'demo'])).toEqual({ code: 125, ...refusal });
      expect(operator.bottles()).toEqual([]);
    },
  );
});
