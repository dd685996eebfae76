import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { GROUPS } from '../src/commands/table.js';
import { Operator } from './support/cli.js';
import { markPreserved, plantLocal } from './support/records.js';
import { PersonAtTerminal } from './support/terminal.js';

async function screen(operator: Operator, ...args: string[]): Promise<string> {
  const person = new PersonAtTerminal(operator, args, { columns: 200, rows: 50 });
  await person.exited();
  return person.shown.replaceAll('\r\n', '\n');
}

describe('on a terminal', () => {
  it('list is a table with a heading, the newest bottle first', async () => {
    const operator = new Operator({ env: { NO_COLOR: '1' } });
    plantLocal(operator, 'old-aaaaa', { started_at: '2026-01-01T00:00:00+00:00' });
    markPreserved(
      plantLocal(operator, 'new-bbbbb', {
        started_at: '2026-02-01T00:00:00+00:00',
        cwd: '/srv/x',
        copy_cwd: true,
      }),
    );
    const lines = (await screen(operator, 'list')).split('\n');
    expect(lines[0]).toMatch(/^IDENTITY +AGENT +STATE +AGE +BACKEND +WORKSPACE$/);
    expect(lines[1]).toMatch(/^new-bbbbb +claude +preserved +\d+d +local +copy of \/srv\/x$/);
    expect(lines[2]).toMatch(/^old-aaaaa +claude +stopped +\d+d +local +-$/);
  });

  it('list shows colours, and none with NO_COLOR', async () => {
    const operator = new Operator();
    plantLocal(operator, 'one-aaaaa');
    expect(await screen(operator, 'list')).toContain('\x1b[36mone-aaaaa\x1b[39m');
    operator.env['NO_COLOR'] = '1';
    expect(await screen(operator, 'list')).not.toContain('\x1b');
  });

  it('an agent that writes control sequences into its record moves no cursor', async () => {
    const operator = new Operator({ env: { NO_COLOR: '1' } });
    plantLocal(operator, 'evil-aaaaa', { cwd: '/\x1b[2J\x1b]52;c;cm0=\x07' });
    for (const args of [['list'], ['show', 'evil'], ['doctor']])
      expect(await screen(operator, ...args)).not.toContain('\x1b');
    expect(await screen(operator, 'list')).toContain('/\\u001b[2J');
  });

  it('an empty root invites to start', async () => {
    expect(await screen(new Operator(), 'list')).toBe('no bottles; start one with: bot-bottle start AGENT\n');
  });
});

describe('bot-bottle alone, on a terminal,', () => {
  it('shows what it can do and how to begin', async () => {
    const shown = await screen(new Operator({ env: { NO_COLOR: '1' } }));
    for (const { title, commands } of GROUPS)
      expect(shown).toMatch(new RegExp(`^  ${title} +${commands.map(({ name }) => name).join(', ')}$`, 'm'));
    expect(shown).toContain('\nNo bottle is here yet.\n\n  bot-bottle doctor ');
    expect(shown.split('\n').filter(line => line.length > 80)).toEqual([]);
  });

  it('shows what runs, counts the rest, and names the command that comes back to it', async () => {
    const operator = new Operator({ env: { NO_COLOR: '1' } });
    try {
      markPreserved(plantLocal(operator, 'old-aaaaa'));
      plantLocal(operator, 'old-bbbbb');
      plantLocal(operator, 'old-ccccc');
      expect(await screen(operator)).toMatch(
        /\n1 preserved, 2 stopped; see: bot-bottle list\n\n {2}bot-bottle resume old-/,
      );
      const project = temporaryFolder();
      const { identity } = await operator.start('shell', '--cwd', project);
      const shown = await screen(operator);
      expect(shown).toMatch(new RegExp(`\nIDENTITY .*\n${identity} +shell +running .* ${project}\n\n`));
      expect(shown).toContain(`\n  bot-bottle attach ${identity} `);
      expect(shown).not.toMatch(/^old-/m);
    } finally {
      await operator.killAll();
    }
  });

  it('shows what it can do also where the state cannot be read', async () => {
    const operator = new Operator({ env: { NO_COLOR: '1' } });
    mkdirSync(operator.root);
    writeFileSync(join(operator.root, 'state'), '');
    const shown = await screen(operator);
    expect(shown).toContain('  Run');
    expect(shown).toMatch(/\nbot-bottle: .*\/state is no folder; .*\n {2}try: bot-bottle doctor\n$/);
  });
});
