import { inspect } from 'node:util';
import { codeOf, messageOf } from '../thrown.js';
import { CliError } from './errors.js';
import { printable } from './escape.js';
import { failureCode } from './exit-codes.js';
import { remediesOf } from './remedies.js';
import { write, writeJson } from './write.js';

export interface ReportOptions {
  readonly stream: NodeJS.WritableStream;
  readonly json: boolean;
  /** With the stack and the causes. */
  readonly debug: boolean;
  readonly command: string | undefined;
  /** The bottle as the command line names it; ID where it names none. */
  readonly id: string;
}

/** What is told of a failure, to a person or as `{"error": …}` to a program. */
interface Failure {
  /** Stable; `internal` for what nobody foresaw. */
  readonly code: string;
  readonly message: string;
  /** What was left behind or was found, one line each. */
  readonly details: readonly string[];
  /** The next commands to type, the likeliest first. */
  readonly try: readonly string[];
}

/** The one place where an error becomes words. Returns the exit code. */
export async function reportFailure(error: unknown, options: ReportOptions): Promise<number> {
  const failure = describeFailure(error, options);
  if (options.json) await writeJson(options.stream, { error: failure });
  else await write(options.stream, formatFailure(failure));
  if (options.debug) await write(options.stream, `${inspect(error)}\n`);
  return failureCode(options.command, failure.code === 'usage' ? 'usage' : 'failed');
}

function remediesFor({ code, remedies }: CliError, command: string | undefined): readonly string[] {
  if (code !== 'usage' || remedies.length > 0) return remedies;
  return [command === undefined ? 'bot-bottle --help' : `bot-bottle ${command} --help`];
}

function describeFailure(error: unknown, { id, command }: Pick<ReportOptions, 'id' | 'command'>): Failure {
  if (error instanceof CliError) {
    return {
      code: error.code,
      message: error.message,
      details: error.details,
      try: remediesFor(error, command),
    };
  }
  const code = codeOf(error) ?? 'internal';
  const message = messageOf(error);
  const remedies = remediesOf(code, error, id);
  return {
    code,
    message: message || 'something failed without a message',
    details: leftOf(error),
    try: remedies ?? ['BOT_BOTTLE_DEBUG=1 bot-bottle ...   # the same command, to see where it comes from'],
  };
}

function formatFailure(failure: Failure): string {
  const lines = [
    `bot-bottle: ${failure.message.split('\n').map(printable).join('\n  ')}`,
    ...failure.details.map(detail => `  ${printable(detail)}`),
    ...failure.try.map(command => `  try: ${printable(command)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function leftOf(error: unknown): readonly string[] {
  if (!(error instanceof Error) || !('left' in error) || !Array.isArray(error.left)) return [];
  return error.left.filter(line => typeof line === 'string').map(line => `left: ${line}`);
}
