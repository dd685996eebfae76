/**
 * `broken-record`: the file is no readable JSON; `position` tells where. `invalid-record`: a record given to be written
 * breaks the schema. `identity-mismatch`: the record names another bottle than its folder. `no-record`: nothing there to
 * update. `cannot-read`, `cannot-write`: the disk refused, and `cause` is the error of durable-fs or state-paths; or,
 * without a cause, this Node is too old to write.
 */
export type MetadataErrorCode =
  | 'broken-record'
  | 'invalid-record'
  | 'identity-mismatch'
  | 'no-record'
  | 'cannot-read'
  | 'cannot-write';

/** Where in the text: `offset` counts UTF-16 units from 0 (bytes where it is no UTF-8), the others from 1. */
export interface TextPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/** What every function of this package throws. `message` begins with `path`. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
  readonly code: MetadataErrorCode;
  /** The file, or what `source` called the text. */
  readonly path: string;
  readonly position: TextPosition | undefined;

  constructor(
    code: MetadataErrorCode,
    path: string,
    message: string,
    details: { position?: TextPosition; cause?: unknown } = {},
  ) {
    super(`${path}: ${message}`, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.path = path;
    this.position = details.position;
  }
}
