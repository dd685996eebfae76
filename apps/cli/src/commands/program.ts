import { Argument, Command, Option } from 'commander';
import { twoColumns } from '../output/format.js';
import { version } from '../version.js';
import { DESCRIPTION, ENVIRONMENT, EXAMPLES } from './about.js';
import type { ArgumentSpec, Input, OptionSpec } from './spec.js';
import { type CommandName, GROUPS, type NamedCommand } from './table.js';
import { optionFlags, sentence, usageOf } from './usage.js';

const HELP_WIDTH = 80;

/** The parser of the command table. `act` is called with the command that was asked for. */
export function createProgram(act: (name: CommandName, input: Input) => Promise<void>): Command {
  const program = new Command('bot-bottle')
    .description(DESCRIPTION)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help; behind a command, its own')
    .helpCommand(false)
    .usage('COMMAND [OPTIONS]')
    .configureHelp({
      helpWidth: HELP_WIDTH,
      subcommandTerm: command => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
      // Choices and defaults stand in the descriptions, in words.
      optionDescription: option => option.description,
      argumentDescription: argument => argument.description,
    })
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true)
    .exitOverride();
  for (const { title, commands } of GROUPS) {
    for (const spec of commands) addCommand(program, title, spec, act);
  }
  program.addHelpText(
    'after',
    `
Examples:
${twoColumns(EXAMPLES)}
Environment:
${twoColumns(ENVIRONMENT)}
Exit codes: 0 done, 1 failed, 2 wrong usage; start, resume, rebuild and attach:
the agent's own, and 125 for bot-bottle's failures.`,
  );
  return program;
}

function addCommand(
  program: Command,
  group: string,
  spec: NamedCommand,
  act: (name: CommandName, input: Input) => Promise<void>,
): void {
  const command = program
    .command(spec.name)
    .helpOption('-h, --help', 'show this help')
    .usage(usageOf(spec))
    .summary(spec.summary)
    .description(
      spec.details === undefined ? sentence(spec.summary) : `${sentence(spec.summary)}\n${spec.details}`,
    )
    .helpGroup(`${group}:`)
    .allowExcessArguments(false);
  for (const argument of spec.args ?? []) command.addArgument(toArgument(argument));
  for (const option of spec.options ?? []) command.addOption(toOption(option));
  command.addHelpText(
    'after',
    `\nExamples:\n${spec.examples.map(example => `  ${example}\n`).join('')}`.trimEnd(),
  );
  command.action(() => act(spec.name, inputOf(command)));
}

function toArgument(spec: ArgumentSpec): Argument {
  const name = spec.variadic ? `${spec.name}...` : spec.name;
  const argument = new Argument(spec.optional ? `[${name}]` : `<${name}>`, spec.description);
  return spec.choices === undefined ? argument : argument.choices(spec.choices);
}

function toOption(spec: OptionSpec): Option {
  const option = new Option(optionFlags(spec), spec.description);
  if (spec.value?.repeated) option.argParser(append).default([], '');
  else if (spec.value?.choices !== undefined) option.choices(spec.value.choices);
  return option;
}

function append(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function inputOf(command: Command): Input {
  const options = command.opts<Record<string, unknown>>();
  const find = (name: string): unknown =>
    options[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
  return {
    args: command.processedArgs.flat().filter(value => typeof value === 'string'),
    flag: name => find(name) !== undefined && find(name) !== false,
    text: name => {
      const value = find(name);
      return typeof value === 'string' ? value : undefined;
    },
    texts: name => {
      const value = find(name);
      return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
    },
  };
}

function argumentTerm(argument: Argument): string {
  const name = argument.name();
  if (!argument.required) return `[-- ${name}]`;
  return argument.variadic ? `${name}...` : name;
}
