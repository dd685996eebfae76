import type { ArgumentSpec, CommandSpec, OptionSpec } from '../spec.js';
import { isAsked } from './asked.js';

/** For bash 3.2 and later; needs nothing of the bash-completion package. */
export function bashScript(commands: readonly CommandSpec[]): string {
  return `# bash completion of bot-bottle
_bot_bottle() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} cmd=\${COMP_WORDS[1]} word
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(spec => spec.name).join(' ')} --help --version' -- "$cur"))
    return
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [ "$word" = -- ]; then COMPREPLY=($(compgen -f -- "$cur")); return; fi
  done
  case $cmd in
${commands.map(commandCase).join('\n')}
  esac
}
complete -o filenames -F _bot_bottle bot-bottle
`;
}

function commandCase(spec: CommandSpec): string {
  const options = spec.options ?? [];
  const valued = options.filter(option => option.value !== undefined && !option.value.optional);
  const cases = valued.map(
    option => `      ${namesOf(option).join('|')}) ${reply(option.value ?? {})}; return ;;`,
  );
  const [argument] = spec.args ?? [];
  const words = [...options.flatMap(namesOf), '--help'].join(' ');
  const lines = [
    `    ${spec.name})`,
    ...(cases.length > 0 ? ['      case $prev in', ...cases.map(line => `  ${line}`), '      esac'] : []),
    `      case $cur in -*) COMPREPLY=($(compgen -W '${words}' -- "$cur")); return ;; esac`,
    ...(argument === undefined ? [] : [`      ${reply(argument)}`]),
    '      ;;',
  ];
  return lines.join('\n');
}

function namesOf(option: OptionSpec): readonly string[] {
  return [...(option.short === undefined ? [] : [`-${option.short}`]), `--${option.name}`];
}

function reply({ kind, choices }: Partial<Pick<ArgumentSpec, 'kind' | 'choices'>>): string {
  if (choices !== undefined) return `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur"))`;
  if (kind === 'folder') return 'COMPREPLY=($(compgen -d -- "$cur"))';
  if (kind === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))';
  if (kind !== undefined && isAsked(kind)) {
    return `COMPREPLY=($(compgen -W "$(bot-bottle __complete ${kind} 2>/dev/null)" -- "$cur"))`;
  }
  return 'COMPREPLY=()';
}
