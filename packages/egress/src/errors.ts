/** The closed list of what can go wrong with the proxy itself. A denial is no error: it is an answer to the bottle. */
export type EgressErrorCode =
  /** The folder of the proxy holds something that it cannot use, such as a broken key. */
  | 'bad-folder'
  /** The audit log cannot be written; nothing is let out that cannot be recorded. */
  | 'audit-failed'
  /** A line of an audit log, or a whole one, that this version cannot read. */
  | 'bad-audit'
  /** A route's credential cannot be had: its variable is not set, its file or command failed. Never holds the value. */
  | 'credential-unavailable'
  /** The name does not resolve, or the origin cannot be connected to. */
  | 'origin-unreachable';

/** What this package throws. `message` states the fact and what was expected. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly code: EgressErrorCode;

  constructor(code: EgressErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
  }
}
