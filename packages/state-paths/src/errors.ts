/**
 * `bad-root`: the root is not an absolute path that a file system can have. `unsafe-name`: an identity or sidecar name
 * that is no safe path segment. `not-a-folder`: a link or file where a folder must be. `cannot-reserve`: the folder
 * could not be made (see `cause`). `no-free-identity`: every identity tried was taken. `cannot-list`: see `cause`.
 */
export type StatePathsErrorCode =
  | 'bad-root'
  | 'unsafe-name'
  | 'not-a-folder'
  | 'cannot-reserve'
  | 'no-free-identity'
  | 'cannot-list';

/** What every function of this package throws. `path` is what the error is about. */
export class StatePathsError extends Error {
  override readonly name = 'StatePathsError';
  readonly code: StatePathsErrorCode;
  readonly path: string;

  constructor(code: StatePathsErrorCode, path: string, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** The `code` of a failed system call, such as ENOENT. Not by `instanceof`: an error may come from another realm. */
export function errnoOf(error: unknown): string | undefined {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : undefined;
}
