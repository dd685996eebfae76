import type { CommanderError } from 'commander';
import type { Context } from '../context.js';
import { CliError } from '../output/errors.js';
import { EXIT, failureCode } from '../output/exit-codes.js';
import { exitWhenUnwritable } from '../output/write.js';
import { LOADERS } from './loaders.js';
import { COMMANDS, type NamedCommand } from './table.js';
import { checkCommandName, wrongUsage } from './wrong-usage.js';

/** Runs one command line and sets the process's exit code; the process ends when nothing is left to do. */
export async function run(argv: readonly string[]): Promise<void> {
  const unwritable = failureCode(commandOf(argv)?.name, 'failed');
  exitWhenUnwritable(process.stdout, unwritable);
  exitWhenUnwritable(process.stderr, unwritable);
  try {
    process.exitCode = await dispatch(argv);
  } catch (error) {
    const { reportFailure } = await import('../output/report.js');
    process.exitCode = await reportFailure(error, {
      stream: process.stderr,
      json: wantsJson(argv),
      debug: process.env['BOT_BOTTLE_DEBUG'] === '1',
      command: commandOf(argv)?.name,
      id: namedBottle(argv),
    });
  }
}

async function dispatch(argv: readonly string[]): Promise<number> {
  // Not for people, so not in the table: the keeper's own process, and what completion scripts ask.
  if (argv[0] === '__keeper') {
    await (await import('../keeper/main.js')).runKeeper(argv.slice(1));
    return Number(process.exitCode ?? EXIT.ok);
  }
  if (argv[0] === '__complete')
    return (await import('./complete.js')).complete(await createContext(), argv.slice(1));

  if (argv.length === 0 && process.stdout.isTTY)
    return (await import('./overview.js')).showOverview(await createContext());

  const { createProgram } = await import('./program.js');
  let code: number = EXIT.ok;
  const program = createProgram(async (name, input) => {
    const command = await LOADERS[name]();
    code = await command.run(await createContext(), input);
  });
  if (argv.length === 0) {
    // Nothing that a program could have meant: it is told what there is, and that nothing was done.
    program.outputHelp();
    return EXIT.usage;
  }
  // `help list`, as git and docker have it, is `list --help`.
  const words = argv[0] === 'help' ? [...argv.slice(1, 2), '--help'] : argv;
  checkCommandName(words[0]);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!isCommanderError(error)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    throw wrongUsage(error, commandOf(argv));
  }
  return code;
}

async function createContext(): Promise<Context> {
  const { stateRoot } = await import('@bot-bottle/state-paths');
  const { canonicalRoot } = await import('../config/canonical-root.js');
  return {
    root: canonicalRoot(stateRoot()),
    env: process.env,
    // Most commands do without, and work also where it was removed.
    get cwd() {
      return currentFolder();
    },
    // Few commands read it, and its set-up costs milliseconds.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    now: () => new Date(),
  };
}

/** @throws CliError `no-current-folder` */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new CliError('no-current-folder', 'the current folder was removed; expected one that is there', {
      try: 'cd',
      cause,
    });
  }
}

function isCommanderError(error: unknown): error is CommanderError {
  return (
    error instanceof Error &&
    'exitCode' in error &&
    String(Reflect.get(error, 'code')).startsWith('commander.')
  );
}

function commandOf(argv: readonly string[]): NamedCommand | undefined {
  return COMMANDS.find(spec => spec.name === argv[0]);
}

/** The bottle that the command line names, for the remedy to repeat; ID where it names none, as `start` cannot. */
function namedBottle(argv: readonly string[]): string {
  const named = commandOf(argv)?.args?.[0]?.name === 'ID';
  return (named ? argv.slice(1).find(word => !word.startsWith('-')) : undefined) ?? 'ID';
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}
