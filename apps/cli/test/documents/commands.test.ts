import type { CommandSpec } from '../../src/commands/spec.js';
import { COMMANDS } from '../../src/commands/table.js';
import { allDocuments, type Fence } from './markdown.js';

const SHELL = new Set(['sh', 'bash']);
/** What ends a command in a line of shell. */
const END = /^(?:#.*|\|{1,2}|&{1,2}|>.*|2>.*|;)$/;
const WORD = /#.*$|(?:'[^']*'|"[^"]*"|[^\s'"#;|]|(?<=\S)#)+|[;|]/g;

/** The `bot-bottle …` lines of a fence: of a shell's every line, of what a terminal shows what was typed or is to be typed. */
function commandLines({ words, text }: Fence): string[] {
  const [language = ''] = words;
  const lines = text.split('\n');
  if (SHELL.has(language))
    return lines.filter(line => /(?:^|[ ;&|(])bot-bottle /.test(line.split(' #')[0] ?? ''));
  return lines.filter(line => /^\s*(?:\$|try:|# ?try:) bot-bottle /.test(line));
}

/** The words behind `bot-bottle`, up to what ends the command. */
function wordsOf(line: string): string[] {
  const words = (line.slice(line.indexOf('bot-bottle ')).match(WORD) ?? []).slice(1);
  const end = words.findIndex(word => END.test(word));
  return (end === -1 ? words : words.slice(0, end)).map(word => word.replace(/^(['"])(.*)\1$/, '$2'));
}

/** What the command line's own table says against these words; null: nothing. */
function objection(words: readonly string[]): string | null {
  const [name = '', ...rest] = words;
  if (/^(?:--version|-V|--help|-h)$/.test(name)) return null;
  const spec: CommandSpec | undefined = COMMANDS.find(command => command.name === name);
  if (spec === undefined) return `there is no command "${name}"`;
  let args = 0;
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? '';
    if (word === '--') break;
    if (!/^-./.test(word)) {
      args += 1;
      continue;
    }
    const [long = '', value] = word.split('=', 2);
    if (long === '--help' || long === '-h') return null;
    const option = spec.options?.find(each => long === `--${each.name}` || long === `-${each.short}`);
    if (option === undefined) return `"${name}" has no option ${long}`;
    const next = rest[at + 1];
    const needed = option.value !== undefined && option.value.optional !== true && value === undefined;
    if (needed && next === undefined) return `${long} of "${name}" needs a value`;
    if (needed || (option.value?.optional && next !== undefined && !next.startsWith('-'))) at += 1;
  }
  const all = spec.args ?? [];
  const least = all.filter(arg => !arg.optional).length;
  if (args < least) return `"${name}" needs ${all.map(arg => arg.name).join(' ')}`;
  if (args > all.length && !all.some(arg => arg.variadic)) return `"${name}" takes no ${args} arguments`;
  return null;
}

describe('the documents', () => {
  const fences = allDocuments().flatMap(document => document.fences);

  it('show only commands, options and arguments that there are', () => {
    const problems = fences.flatMap(fence =>
      commandLines(fence).flatMap(line => {
        const problem = objection(wordsOf(line));
        return problem === null ? [] : [`${fence.place}: ${problem}: ${line}`];
      }),
    );
    expect(problems).toEqual([]);
  });

  it('show every command', () => {
    const shown = new Set(fences.flatMap(commandLines).map(line => wordsOf(line)[0]));
    // How one sets up a shell is said by its own help.
    expect(COMMANDS.map(({ name }) => name).filter(name => !shown.has(name))).toEqual(['completion']);
  });

  it.each([
    ['bot-bottle sart claude', 'there is no command "sart"'],
    ['bot-bottle start claude --cwdd .', '"start" has no option --cwdd'],
    ['bot-bottle start claude --cwd', '--cwd of "start" needs a value'],
    ['bot-bottle stop', '"stop" needs ID'],
    ['bot-bottle stop one two   # a comment', '"stop" takes no 2 arguments'],
    ["bot-bottle allow a 'b.example:80 private' | cat --number", null],
    ['bot-bottle start shell --cwd . -- make --jobs', null],
  ])('would be found wrong by this test, were they: %s', (line, problem) => {
    expect(objection(wordsOf(line))).toBe(problem);
  });
});
