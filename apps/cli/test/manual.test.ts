import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '@bot-bottle/test-kit';
import { COMMANDS } from '../src/commands/table.js';
import { usageOf } from '../src/commands/usage.js';
import { Operator } from './support/cli.js';

const page = join(__dirname, '../dist/bot-bottle.1');

/** The long options that a text explains, each at the beginning of a line. */
function optionsIn(text: string): string[] {
  return [...text.matchAll(/^ *(?:-\w, )?--([a-z-]+)/gm)].map(([, name = '']) => name);
}

/** The manual as a reader sees it, by command. */
function manualParts(): Map<string, string> {
  const { stdout } = spawnSync('mandoc', ['-Tascii', '-Owidth=100', page], { encoding: 'utf8' });
  // Bold and underlined characters are overstruck.
  const text = stdout.replace(/.[\b]/g, '').split('\nEXIT STATUS\n')[0] ?? '';
  const starts = COMMANDS.map(spec => ({
    name: spec.name,
    at: text.indexOf(`\n       ${spec.name} ${usageOf(spec)}\n`),
  }));
  return new Map(starts.map(({ name, at }, index) => [name, text.slice(at, starts[index + 1]?.at)]));
}

describeWith(['mandoc', 'groff'], 'the manual page', () => {
  it.each([
    ['mandoc', ['-Tlint', '-Wstyle', page]],
    ['groff', ['-man', '-ww', '-Tutf8', '-z', page]],
  ])('has nothing that %s warns of', (program, args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  const parts = manualParts();

  it.each(COMMANDS)('explains $name with the options of its help', async ({ name, options = [] }) => {
    const { stdout } = await new Operator().run([name, '--help']);
    const explained = optionsIn(stdout).filter(option => option !== 'help');
    expect(optionsIn(parts.get(name) ?? '')).toEqual(explained);
    expect(explained).toEqual(options.map(option => option.name));
  });
});

it('is what npm installs as bot-bottle(1)', () => {
  const manifest = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8'));
  expect(join(__dirname, '..', ...manifest.man)).toBe(page);
});
