/** Every failure that the CLI itself finds; the packages have codes of their own. */
export type CliErrorCode =
  | 'usage'
  | 'no-such-bottle'
  | 'ambiguous-identity'
  | 'unknown-agent'
  | 'unknown-backend'
  | 'backend-not-installed'
  | 'bad-adapter'
  | 'no-backend'
  | 'bad-config'
  | 'untrusted-config'
  | 'unreadable-file'
  | 'no-current-folder'
  | 'policy-refused'
  | 'not-acknowledged'
  | 'running'
  | 'preserved'
  | 'broken-record';

/** A failure with the next commands to type. `message` states the fact and what was expected. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  /** Commands that may help, the likeliest first. */
  readonly remedies: readonly string[];
  /** More of the fact, one line each. */
  readonly details: readonly string[];

  constructor(
    code: CliErrorCode,
    message: string,
    options: {
      readonly try?: string | readonly string[];
      readonly details?: readonly string[];
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedies = typeof options.try === 'string' ? [options.try] : (options.try ?? []);
    this.details = options.details ?? [];
  }
}

/** The command line is wrong. */
export function usageError(message: string, remedy?: string): CliError {
  return new CliError('usage', message, remedy === undefined ? {} : { try: remedy });
}
