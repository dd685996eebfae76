import type { CommanderError } from 'commander';
import { type CliError, usageError } from '../output/errors.js';
import { meantOrExpected, nearest } from '../output/nearest.js';
import { COMMANDS, type NamedCommand } from './table.js';
import { usageOf } from './usage.js';

/** What commander found wrong, in the words of the CLI: the fact, and what was expected. */
export function wrongUsage(error: CommanderError, command: NamedCommand | undefined): CliError {
  return usageError(explained(error, command));
}

/** @throws CliError `usage` for a first word that is no command, which commander would answer with the whole help */
export function checkCommandName(name: string | undefined): void {
  if (name === undefined || name.startsWith('-')) return;
  const names = COMMANDS.map(spec => spec.name);
  if (names.some(known => known === name)) return;
  const meant = nearest(name, names);
  throw usageError(
    `there is no command "${name}"; ${meant === undefined ? 'expected one of those in the help' : `did you mean "${meant}"?`}`,
  );
}

function explained({ code, message }: CommanderError, command: NamedCommand | undefined): string {
  const [, first = '', second = ''] = /'([^']*)'(?:[^']*'([^']*)')?/.exec(message) ?? [];
  const line =
    command === undefined ? 'bot-bottle COMMAND' : `bot-bottle ${command.name} ${usageOf(command)}`;
  switch (code) {
    case 'commander.missingArgument':
      return `${first} is missing; expected: ${line}`;
    case 'commander.optionMissingArgument':
      return `${first.split(' ')[0]} is without a value; expected ${first}`;
    case 'commander.unknownOption': {
      const meant = /Did you mean (\S+)\?/.exec(message)?.[1];
      return `there is no option ${first}; ${meant === undefined ? `expected: ${line}` : `did you mean ${meant}?`}`;
    }
    case 'commander.excessArguments':
      return `more is said than ${first} takes; expected: ${line}`;
    case 'commander.invalidArgument': {
      const choices = (/Allowed choices are (.*)\.$/.exec(message)?.[1] ?? '').split(', ');
      const [value, name] = message.startsWith('error: option') ? [second, first] : [first, second];
      return `"${value}" is no value of ${name.split(' ')[0]}; ${meantOrExpected(value, choices)}`;
    }
    default:
      return message.replace(/^error: /, '');
  }
}
