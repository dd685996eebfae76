import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT } from '../src/commands/about.js';
import { COMMANDS } from '../src/commands/table.js';
import { parseConfig } from '../src/config/read.js';
import { EXIT_CODE_TABLE } from '../src/output/exit-codes.js';
import { BUNDLE, Operator } from './support/cli.js';

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');

function fenced(language: string): string {
  const text = readme.split(`\`\`\`${language}\n`)[1]?.split('```')[0];
  if (text === undefined) throw new Error(`README.md has no ${language} fence`);
  return text;
}

/** The cells of the table below a heading, without its first two lines. */
function table(heading: string): string[][] {
  const section = readme.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter(line => line.startsWith('|'));
  return rows.slice(2).map(row =>
    row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
}

describe("README's", () => {
  it('example runs as it stands, to its end', () => {
    const operator = new Operator();
    const bin = join(operator.home, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'bot-bottle'), `#!/bin/sh\nexec '${process.execPath}' '${BUNDLE}' "$@"\n`);
    chmodSync(join(bin, 'bot-bottle'), 0o755);
    const env = { ...operator.env, PATH: `${bin}:${operator.env['PATH']}` };
    const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', fenced('sh run')], {
      env,
      encoding: 'utf8',
    });
    expect([status, stderr.includes('try:')]).toEqual([0, false]);
    // The start, the resume, and both again in the log.
    expect(stdout.match(/demo: all is as it should be/g)?.length).toBe(4);
    expect(stdout).toMatch(/removed demo-[a-z0-9]{5}: its session ended and nobody kept it/);
    expect(operator.bottles()).toEqual([]);
  });

  it('configuration is valid', () => {
    expect(Object.keys(parseConfig(fenced('yaml'), 'README.md').config)).toEqual([
      'agents',
      'backend',
      'backends',
      'limits',
      'detachKeys',
      'projectEnv',
    ]);
  });

  it('exit codes are those of the program', () => {
    expect(table('Exit codes')).toEqual(EXIT_CODE_TABLE);
  });

  it('variables are those that the help names', () => {
    expect(table('Environment')).toEqual(ENVIRONMENT.map(([name, meaning]) => [`\`${name}\``, meaning]));
  });

  it('commands are all there are, in the order of the help', () => {
    const names = table('Commands').map(([cell]) => cell?.match(/^`([a-z]+)/)?.[1]);
    expect(names).toEqual(COMMANDS.map(spec => spec.name));
  });
});
