import type { CommanderError } from 'commander';
import type { Context } from '../context.js';
import { usageError } from '../output/errors.js';
import { EXIT } from '../output/exit-codes.js';
import { exitQuietlyOnBrokenPipe } from '../output/write.js';
import { LOADERS } from './loaders.js';
import { COMMANDS } from './table.js';

/** Runs one command line and sets the process's exit code; the process ends when nothing is left to do. */
export async function run(argv: readonly string[]): Promise<void> {
  exitQuietlyOnBrokenPipe(process.stdout);
  exitQuietlyOnBrokenPipe(process.stderr);
  try {
    process.exitCode = await dispatch(argv);
  } catch (error) {
    const { reportFailure } = await import('../output/report.js');
    process.exitCode = await reportFailure(error, {
      stream: process.stderr,
      json: wantsJson(argv),
      debug: process.env['BOT_BOTTLE_DEBUG'] === '1',
      command: commandOf(argv),
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
  try {
    // `help list`, as git and docker have it, is `list --help`.
    await program.parseAsync(argv[0] === 'help' ? [...argv.slice(1, 2), '--help'] : argv, { from: 'user' });
  } catch (error) {
    if (!isCommanderError(error)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    throw usageError(fromCommander(error), helpCommand(commandOf(argv)));
  }
  return code;
}

async function createContext(): Promise<Context> {
  const { stateRoot } = await import('@bot-bottle/state-paths');
  return {
    root: stateRoot(),
    env: process.env,
    cwd: process.cwd(),
    // Few commands read it, and its set-up costs milliseconds.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    now: () => new Date(),
  };
}

function isCommanderError(error: unknown): error is CommanderError {
  return (
    error instanceof Error &&
    'exitCode' in error &&
    String(Reflect.get(error, 'code')).startsWith('commander.')
  );
}

/** Commander writes `error: unknown option '--jso'\n(Did you mean --json?)`; here the fact is one line. */
function fromCommander(error: CommanderError): string {
  return error.message.replace(/^error: /, '').replace(/\n\(Did (.*)\)$/, '; did $1');
}

function helpCommand(command: string | undefined): string {
  return command === undefined ? 'bot-bottle --help' : `bot-bottle ${command} --help`;
}

function commandOf(argv: readonly string[]): string | undefined {
  return COMMANDS.find(spec => spec.name === argv[0])?.name;
}

/** The bottle that the command line names, for the remedy to repeat; ID where it names none, as `start` cannot. */
function namedBottle(argv: readonly string[]): string {
  const [name, ...words] = argv;
  const named = COMMANDS.find(spec => spec.name === name)?.args?.[0]?.name === 'ID';
  return (named ? words.find(word => !word.startsWith('-')) : undefined) ?? 'ID';
}

function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? argv.length : end).includes('--json');
}
