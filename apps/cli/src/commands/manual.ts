import { EXIT_CODE_TABLE } from '../output/exit-codes.js';
import { DESCRIPTION, ENVIRONMENT, EXAMPLES, FILES } from './about.js';
import type { CommandSpec, OptionSpec } from './spec.js';
import { GROUPS } from './table.js';
import { sentence, usageOf } from './usage.js';

/** What mandoc asks for, less the two characters that may come before a dot. */
const MAX_LINE = 78;

/** The manual page bot-bottle(1) in man(7) macros, of the same table as the parser and its help. */
export function manualPage({ version, date }: { readonly version: string; readonly date: Date }): string {
  return [
    `.TH BOT\\-BOTTLE 1 "${date.toISOString().slice(0, 10)}" "bot\\-bottle ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    text(`bot-bottle - ${firstLetterSmall(DESCRIPTION).replace(/\.$/, '')}`),
    '.SH SYNOPSIS',
    '.B bot\\-bottle',
    '.I COMMAND',
    '[OPTIONS]',
    '.SH DESCRIPTION',
    text('Without a command it shows, at a terminal, what it can do and what is running.'),
    text('Each command below explains itself: bot-bottle COMMAND --help.'),
    '.SH COMMANDS',
    ...GROUPS.flatMap(({ title, commands }) => [`.SS ${escaped(title)}`, ...commands.flatMap(commandPart)]),
    '.SH EXIT STATUS',
    ...EXIT_CODE_TABLE.flatMap(([code, meaning]) => entry(bold(code), withoutTicks(meaning))),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(([name, meaning]) => entry(bold(name), meaning)),
    '.SH FILES',
    text('Below the root folder, ~/.bot-bottle or what BOT_BOTTLE_HOME names:'),
    ...FILES.flatMap(([path, meaning]) => entry(bold(path), meaning)),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([command, purpose]) => entry(bold(command), purpose)),
    '',
  ].join('\n');
}

function commandPart(spec: CommandSpec): readonly string[] {
  return [
    ...entry(`${bold(spec.name)} ${escaped(usageOf(spec))}`, sentence(spec.summary)),
    ...(spec.details === undefined ? [] : ['.sp', text(spec.details)]),
    '.RS',
    ...(spec.args ?? []).flatMap(({ name, description }) => entry(italic(name), description)),
    ...(spec.options ?? []).flatMap(option => entry(optionTerm(option), option.description)),
    '.PP',
    text(spec.examples.length === 1 ? 'Example:' : 'Examples:'),
    '.PP',
    '.nf',
    ...spec.examples.map(escaped),
    '.fi',
    '.RE',
  ];
}

function optionTerm({ name, short, value }: OptionSpec): string {
  const names = [...(short === undefined ? [] : [bold(`-${short}`)]), bold(`--${name}`)].join(', ');
  if (value === undefined) return names;
  return `${names} ${value.optional ? `[${italic(value.name)}]` : italic(value.name)}`;
}

/** A term and its paragraph. */
function entry(term: string, description: string): readonly string[] {
  return ['.TP', term, text(description)];
}

function bold(plain: string): string {
  return `\\fB${escaped(plain)}\\fR`;
}

function italic(plain: string): string {
  return `\\fI${escaped(plain)}\\fR`;
}

/** Filled text, in lines of at most 80 characters; one that begins with a dot would be a request. */
function text(plain: string): string {
  const lines = [''];
  for (const word of plain.split(' ').map(escaped)) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= MAX_LINE) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.map(line => line.replace(/^(?=\.)/, '\\&')).join('\n');
}

/** Characters that mean something to roff (groff_char(7)); what is not ASCII by its code point, which both groff and mandoc know. */
function escaped(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga')
    .replaceAll('~', '\\(ti')
    .replace(/[^\n -~]/gu, character => {
      const code = character.codePointAt(0) ?? 0;
      return `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
    });
}

function withoutTicks(markdown: string): string {
  return markdown.replaceAll('`', '');
}

function firstLetterSmall(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
