/** Every way in which a session can refuse or fail. */
export type SessionErrorCode =
  /** No state folder, or nothing in it that a session could be made of. */
  | 'no-such-bottle'
  /** A start that was killed before it had finished: there is nothing to resume. */
  | 'unfinished'
  /** `launch.json` or `session.json` cannot be read, or what stands in the record's place is none. */
  | 'broken-bottle'
  | 'already-running'
  /** It has a record, or its backend has nothing of it. */
  | 'not-an-orphan'
  | 'not-running'
  /** Its backend failed while it was stopped: something of it may run on. */
  | 'still-running'
  /** The record names a backend whose adapter is not installed. */
  | 'backend-missing'
  /** The backend that a bottle is to be moved to does not offer what it is made of. */
  | 'backend-lacks'
  /** The folder to mount or to copy is absent, cannot be reached, or is not a folder. */
  | 'workspace-missing'
  /** The folder to mount or to copy holds the state root, or lies in it. */
  | 'workspace-refused'
  /** The keeper or the adapter failed while a bottle started or resumed; `reason` is the code of the cause. */
  | 'start-failed'
  /** The backend cannot prove that a bottle reaches only what it may; it starts none. */
  | 'not-enforced'
  /** A variable of the operator's holds what no bottle could use. */
  | 'bad-variable'
  /** An image is asked for, and the backend builds none. */
  | 'no-images'
  /** The agent's Dockerfile cannot be read. */
  | 'no-dockerfile'
  /** The operator's editor ended with another code than 0; nothing was changed. */
  | 'editor-failed'
  /** The image was not built; the message ends with what the build said last. What was there before is as it was. */
  | 'build-failed'
  /** The agent's program is not installed on this machine. */
  | 'program-missing'
  /** The agent's program is installed where a bottle does not see it. */
  | 'program-hidden'
  /** The start was interrupted; nothing of it is left. */
  | 'cancelled'
  /** The keeper and this program speak different versions of the protocol. */
  | 'protocol-mismatch'
  /** The connection to the keeper ended before the session did. */
  | 'connection-lost'
  | 'bad-detach-keys'
  /** A workspace nested deeper than any that a person makes. */
  | 'too-deep'
  /** `diff` of a bottle whose workspace is not a copy. */
  | 'not-a-copy';

export interface SessionErrorDetails {
  /** The code of the error that caused this one, e.g. a BackendError's. */
  readonly reason?: string;
  /** What the operator can do about it, where the cause said so. */
  readonly remedy?: string;
  /** What was left behind, one line each. */
  readonly left?: readonly string[];
  readonly cause?: unknown;
}

export class SessionError extends Error {
  override readonly name = 'SessionError';
  readonly code: SessionErrorCode;
  readonly reason?: string;
  readonly remedy?: string;
  readonly left: readonly string[];

  constructor(code: SessionErrorCode, message: string, details: SessionErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    if (details.reason !== undefined) this.reason = details.reason;
    if (details.remedy !== undefined) this.remedy = details.remedy;
    this.left = details.left ?? [];
  }
}
