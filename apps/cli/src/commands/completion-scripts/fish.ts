import type { ArgumentSpec, CommandSpec, OptionSpec } from '../spec.js';
import { isAsked } from './asked.js';

export function fishScript(commands: readonly CommandSpec[]): string {
  const names = commands.map(spec => spec.name).join(' ');
  const lines = [
    '# fish completion of bot-bottle',
    'complete -c bot-bottle -f',
    // Behind it stand the agent's own arguments.
    'complete -c bot-bottle -n "contains -- -- (commandline -opc)" -F',
    `complete -c bot-bottle -n "not __fish_seen_subcommand_from ${names}" -l help -d 'show help'`,
    `complete -c bot-bottle -n "not __fish_seen_subcommand_from ${names}" -l version -d 'print the version'`,
    ...commands.map(
      spec =>
        `complete -c bot-bottle -n "not __fish_seen_subcommand_from ${names}" -a ${spec.name} -d '${quoted(spec.summary)}'`,
    ),
    ...commands.flatMap(commandLines),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(spec: CommandSpec): readonly string[] {
  const start = `complete -c bot-bottle -n "__fish_seen_subcommand_from ${spec.name}"`;
  const [argument] = spec.args ?? [];
  const values = argument === undefined ? '' : valuesOf(argument);
  return [
    ...(values === '' ? [] : [`${start}${values}`]),
    `${start} -l help -d 'show help'`,
    ...(spec.options ?? []).map(option => `${start}${optionPart(option)}`),
  ];
}

function optionPart(option: OptionSpec): string {
  const short = option.short === undefined ? '' : ` -s ${option.short}`;
  const value = option.value === undefined ? '' : `${needOf(option.value)}${valuesOf(option.value)}`;
  return `${short} -l ${option.name}${value} -d '${quoted(option.description)}'`;
}

/** `-x`: a value, and no file unless one is offered. */
function needOf({ kind, optional }: NonNullable<OptionSpec['value']>): string {
  if (optional) return '';
  return kind === 'file' ? ' -r' : ' -x';
}

function valuesOf({ kind, choices }: Pick<ArgumentSpec, 'kind' | 'choices'>): string {
  if (choices !== undefined) return ` -a '${choices.join(' ')}'`;
  if (kind === 'folder') return " -a '(__fish_complete_directories)'";
  if (kind === 'file') return ' -F';
  return isAsked(kind) ? ` -a '(bot-bottle __complete ${kind} 2>/dev/null)'` : '';
}

/** Fish knows two escapes inside single quotes. */
function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
