import type { ClaimOwner } from '@bot-bottle/durable-fs';
import { errorCode } from './folder.js';

/**
 * - `no-such-bottle`: the bottle's folder is absent, or went while we worked.
 * - `lease-held`: a process that is alive owns the bottle; `owner` names it.
 * - `lease-unknown`: the owner cannot be judged from here (another PID namespace, a damaged claim): never taken over.
 * - `preserved`: the marker is there, and nobody forced.
 * - `bad-marker`: what lies at `.preserve` is a folder, so it cannot be cleared.
 * - `bad-folder`: a transcript folder that is not a plain relative path.
 * - `bad-override`: an override that is blank, holds a NUL or is too large.
 * - `io`: a system call failed; `cause` says which, and how (ENOSPC, EIO, EACCES and so on).
 */
export type PreserveErrorCode =
  | 'no-such-bottle'
  | 'lease-held'
  | 'lease-unknown'
  | 'preserved'
  | 'bad-marker'
  | 'bad-folder'
  | 'bad-override'
  | 'io';

/** What this package throws, beside the DurableFsError and StatePathsError of the packages below it. */
export class PreserveError extends Error {
  override readonly name = 'PreserveError';
  /** Who holds the lease, where that is the trouble and is known. */
  readonly owner: ClaimOwner | null;

  constructor(
    readonly code: PreserveErrorCode,
    message: string,
    /** The file or folder that the error is about. */
    readonly path: string,
    options: { owner?: ClaimOwner | null; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.owner = options.owner ?? null;
  }
}

export function noSuchBottle({ folder }: { folder: string }, cause?: unknown): PreserveError {
  return new PreserveError('no-such-bottle', `there is no bottle at ${folder}`, folder, { cause });
}

/** Runs `work`, and gives a type to the failure of a system call; what has one already stays as it is. */
export async function typed<T>(doing: string, path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isSystemError = typeof error === 'object' && error !== null && 'syscall' in error;
    if (!isSystemError) throw error;
    throw new PreserveError('io', `cannot ${doing} ${path}: ${errorCode(error)}`, path, { cause: error });
  }
}
