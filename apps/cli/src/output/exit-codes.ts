/**
 * The CLI's exit codes. `start`, `resume`, `rebuild` and `attach` hand on the agent's own code, as `docker run` does; so there,
 * and only there, bot-bottle's own failures of every kind are 125, which hardly a program uses.
 */
export const EXIT = {
  ok: 0,
  /** What was asked for could not be done, or `doctor` found a fault. */
  failed: 1,
  /** The command line is wrong: nothing was done. */
  usage: 2,
  /** bot-bottle itself failed in `start`, `resume`, `rebuild` or `attach`. */
  sessionFailed: 125,
} as const;

/** Commands whose exit code is the agent's. */
const SESSION_COMMANDS: ReadonlySet<string> = new Set(['start', 'resume', 'rebuild', 'attach']);

/** The exit code of a failure of `command`; undefined: no command was recognised. */
export function failureCode(command: string | undefined, kind: 'failed' | 'usage'): number {
  return command !== undefined && SESSION_COMMANDS.has(command) ? EXIT.sessionFailed : EXIT[kind];
}

/** The rows of README's table, kept here so that a test can compare them. */
export const EXIT_CODE_TABLE: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'it could not be done; `doctor`: a check failed'],
  ['2', 'the command line is wrong; nothing was done'],
  ['125', "`start`, `resume`, `rebuild`, `attach`: bot-bottle's own failure, of any kind"],
  ['any other', "`start`, `resume`, `rebuild`, `attach`: the agent's own (128 + n: signal n ended it)"],
];
