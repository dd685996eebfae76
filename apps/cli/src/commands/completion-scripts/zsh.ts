import type { ArgumentSpec, CommandSpec, OptionSpec } from '../spec.js';
import { isAsked } from './asked.js';

/** Works both sourced (`eval`) and as a file `_bot-bottle` of the fpath. */
export function zshScript(commands: readonly CommandSpec[]): string {
  return `#compdef bot-bottle
# zsh completion of bot-bottle
_bot_bottle_ask() {
  local -a values
  values=(\${(f)"$(bot-bottle __complete $1 2>/dev/null)"})
  compadd -- $values
}
_bot_bottle() {
  local context state line curcontext=$curcontext
  local -a commands
  commands=(
${commands.map(spec => `    '${quoted(`${spec.name}:${spec.summary}`)}'`).join('\n')}
  )
  _arguments -C '(- *)--help[show help]' '(- *)--version[print the version]' '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
if [ "$funcstack[1]" = _bot_bottle ]; then _bot_bottle "$@"; else compdef _bot_bottle bot-bottle; fi
`;
}

function commandCase(spec: CommandSpec): string {
  const options = (spec.options ?? []).flatMap(optionArguments);
  const positions = (spec.args ?? []).map(argumentArgument);
  return `        ${spec.name}) _arguments ${[...options, "'--help[show help]'", ...positions].join(' ')} ;;`;
}

function optionArguments(option: OptionSpec): readonly string[] {
  const names = [...(option.short === undefined ? [] : [`-${option.short}`]), `--${option.name}`];
  const many = option.value?.repeated ? '*' : '';
  const value = option.value;
  const text = bracketed(option.description);
  return names.map(name => {
    if (value === undefined) return `'${many}${name}[${text}]'`;
    return `'${many}${name}[${text}]:${value.optional ? ':' : ''}${quoted(value.name)}:${action(value)}'`;
  });
}

function argumentArgument(argument: ArgumentSpec, index: number): string {
  const place = argument.variadic ? '*' : `${index + 1}`;
  return `'${place}:${quoted(argument.name)}:${action(argument)}'`;
}

function action({ kind, choices }: Pick<ArgumentSpec, 'kind' | 'choices'>): string {
  if (choices !== undefined) return `(${choices.join(' ')})`;
  if (kind === 'folder') return '_files -/';
  if (kind === 'file') return '_files';
  // The blank in front keeps `_arguments` from putting options of its own before the word.
  return isAsked(kind) ? ` _bot_bottle_ask ${kind}` : ' ';
}

function quoted(text: string): string {
  return text.replaceAll("'", "'\\''");
}

function bracketed(text: string): string {
  return quoted(text.replace(/[[\]\\]/g, '\\$&').replaceAll(':', '\\:'));
}
