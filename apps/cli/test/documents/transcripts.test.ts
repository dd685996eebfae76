import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '@bot-bottle/test-kit';
import { BUNDLE, Operator } from '../support/cli.js';
import { allDocuments, type Fence } from './markdown.js';

interface Step {
  readonly command: string;
  readonly output: string;
}

const IDENTITY = /\b(claude|demo|shell)-[a-z0-9]{5}\b/g;

/** What a terminal shows, as commands and what each printed. */
function stepsOf({ text, place }: Fence): Step[] {
  const [before, ...steps] = `\n${text}`.split('\n$ ');
  if (before?.trim()) throw new Error(`${place}: what was typed stands behind "$ "`);
  return steps.map(step => {
    const [command = '', ...output] = step.split('\n');
    return { command, output: plain(output.join('\n')) };
  });
}

/** Without what is another each time: times, and blanks at the ends of lines. Identities are told apart by `same`. */
function plain(output: string): string {
  return output
    .replaceAll('\r\n', '\n')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\b\d+ ms\b/g, 'N ms')
    .replace(/\t\d+[smhd]\t/g, '\tAGE\t')
    .replace(/[ \t]+$/gm, '')
    .trim();
}

/** One operator, who types what a document shows from its beginning to its end. */
class Typist {
  readonly operator = new Operator();
  readonly #real = new Map<string, string>();
  readonly #path: string;

  constructor() {
    this.#path = join(this.operator.home, 'bin');
    mkdirSync(this.#path);
    writeFileSync(join(this.#path, 'bot-bottle'), `#!/bin/sh\nexec '${process.execPath}' '${BUNDLE}' "$@"\n`);
    chmodSync(join(this.#path, 'bot-bottle'), 0o755);
  }

  /** Types it and returns what came, with the document's identities in place of those that were made just now. */
  type({ command, output }: Step): string {
    const { env, home } = this.operator;
    const typed = command.replace(IDENTITY, shown => this.#real.get(shown) ?? shown);
    const { stdout, stderr } = spawnSync('bash', ['-c', `{ ${typed.replace(/ #.*$/, '')}; } 2>&1`], {
      env: { ...env, PATH: `${this.#path}:${env['PATH']}` },
      cwd: home,
      encoding: 'utf8',
      input: '',
      timeout: 30_000,
    });
    const came = plain((stdout + stderr).replaceAll(home, '/home/me'));
    const shown = output.match(IDENTITY) ?? [];
    for (const [index, real] of (came.match(IDENTITY) ?? []).entries()) {
      const name = shown[index];
      if (name !== undefined && !this.#real.has(name)) this.#real.set(name, real);
    }
    const names = new Map([...this.#real].map(([name, real]) => [real, name]));
    return came.replace(IDENTITY, real => names.get(real) ?? real);
  }
}

describeWith(['bwrap', 'nsenter', 'curl'], 'what a terminal shows in the documents', () => {
  const documents = allDocuments().flatMap(({ path, fences }) => {
    const runs = fences.filter(({ words }) => words.includes('console') && words.includes('run'));
    return runs.length === 0 ? [] : [{ path, runs }];
  });

  it.each(documents)('comes when it is typed: $path', async ({ runs }) => {
    const typist = new Typist();
    try {
      for (const step of runs.flatMap(stepsOf)) {
        expect({ typed: step.command, came: typist.type(step) }).toEqual({
          typed: step.command,
          came: step.output,
        });
      }
    } finally {
      await typist.operator.killAll();
    }
  });

  it('is that of getting-started.md at least', () => {
    expect(documents.map(({ path }) => path)).toContain('docs/getting-started.md');
  });
});
