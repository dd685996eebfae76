import { constants } from 'node:os';

/** Every way in which this package refuses or fails. */
export type DurableFsErrorCode =
  /** The path, or the folder that it lies in, does not exist. */
  | 'absent'
  /** The path names nothing: it is empty, the root, or holds a NUL. */
  | 'bad-path'
  /** Somebody moved a folder of the tree while it was being copied. */
  | 'changed'
  /** Somebody else holds the claim. */
  | 'claim-held'
  /** Something stands already where a new thing was to be created. */
  | 'exists'
  /** A system call failed; `errno` says how (ENOSPC, EDQUOT, EIO, EACCES, EMFILE and so on). */
  | 'io'
  /** A symbolic link, folder, FIFO, socket or device where a regular file was expected. */
  | 'not-a-file'
  /** A symbolic link or a file where a folder was expected. */
  | 'not-a-folder'
  /** The change is in place, but the folder could not be synced: a power cut may still undo it. */
  | 'not-confirmed'
  /** The bytes are not UTF-8. */
  | 'not-text'
  /** More bytes or entries than the caller allowed. */
  | 'too-large'
  /** No `/proc/self/fd` here, so nothing can be done safely. */
  | 'unsupported-platform';

/** What every function of this package throws. `cause` is the system's own error where there was one. */
export class DurableFsError extends Error {
  override readonly name = 'DurableFsError';
  readonly code: DurableFsErrorCode;
  readonly path: string;
  /** The system's name for the failure, such as `ENOSPC`; null where no system call failed. */
  readonly errno: string | null;

  constructor(code: DurableFsErrorCode, path: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.errno = errnoOf(cause);
  }
}

const codes: Readonly<Record<string, DurableFsErrorCode>> = {
  ENOENT: 'absent',
  EEXIST: 'exists',
  ENOTEMPTY: 'exists',
  EISDIR: 'not-a-file',
  ENOTDIR: 'not-a-folder',
  ELOOP: 'not-a-folder',
};

/** The typed error for a failed system call. One that is typed already, or is no failed system call, stays as it is. */
export function asDurableFsError(doing: string, path: string, cause: unknown): unknown {
  const errno = errnoOf(cause);
  if (errno === null) return cause;
  // Node's own text ends in the call and the path as we gave it, which says less than ours.
  const text = String(cause)
    .replace(/^Error: /, '')
    .replace(/, [a-z]+( '.*)?$/s, '');
  const reason = text.startsWith('Unknown system error') ? errno : text;
  return new DurableFsError(codes[errno] ?? 'io', path, `cannot ${doing} ${path}: ${reason}`, cause);
}

/** The system's name for a failure (`ENOENT`), or null where it was not a system call that failed. */
export function errnoOf(error: unknown): string | null {
  // Not `instanceof`: jest runs tests in a realm with an Error of its own.
  if (typeof error !== 'object' || error === null || !('code' in error && 'errno' in error)) return null;
  const { code, errno } = error;
  if (typeof code !== 'string' || typeof errno !== 'number') return null;
  if (/^E[A-Z0-9]+$/.test(code)) return code;
  // libuv knows no EDQUOT and calls it "Unknown system error -122".
  const [name] = Object.entries(constants.errno).find(([, number]) => number === -errno) ?? [];
  return name ?? `errno ${-errno}`;
}
