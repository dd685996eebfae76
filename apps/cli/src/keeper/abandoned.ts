import { fromFailure, toFailure } from './request.js';

/** Undoes what a failed step leaves behind; the error to throw says what stayed nevertheless. */
export async function abandoned(error: unknown, undo: () => Promise<readonly string[]>): Promise<Error> {
  const left = await undo();
  return fromFailure(toFailure(error, left));
}
