/** The closed list of what can go wrong between bot-bottle and an adapter. */
export type BackendErrorCode =
  /** The adapter was built for a contract that this version does not speak. */
  | 'contract-mismatch'
  /** The backend cannot run bottles on this machine; `remedy` says what would change that. */
  | 'unavailable'
  /** The specification asks for something wrong, unsafe or unsupported; nothing was done. */
  | 'bad-spec'
  /** `launch` was given a bottle that `prepare` has not seen, or that was destroyed since. */
  | 'not-prepared'
  /** The bottle runs already. */
  | 'already-running'
  /** The bottle does not run. */
  | 'not-running'
  /** The adapter does not claim this in its capabilities. */
  | 'unsupported'
  /** The isolation that was promised could not be had. Nothing runs without it. */
  | 'isolation-failed'
  /** The sandbox did not start, for a reason that is not isolation. */
  | 'launch-failed'
  /** An image was not made; the message ends with what the build said last. What was there before is as it was. */
  | 'build-failed'
  /** The bottle still runs after it was killed. */
  | 'stop-failed';

/** What an adapter throws. `message` states the fact and what was expected. */
export class BackendError extends Error {
  override readonly name = 'BackendError';
  readonly code: BackendErrorCode;
  /** The exact command or setting that helps, where one is known. Always there for `unavailable`. */
  readonly remedy: string | null;

  constructor(code: BackendErrorCode, message: string, options: ErrorOptions & { remedy?: string } = {}) {
    super(message, options);
    this.code = code;
    this.remedy = options.remedy ?? null;
  }
}
