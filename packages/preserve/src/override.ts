import { readFileOrAbsent, removeFile, replaceFile } from '@bot-bottle/durable-fs';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { PreserveError } from './errors.js';

/** The largest Dockerfile taken, in bytes. */
export const MAX_OVERRIDE_BYTES = 1024 * 1024;

/**
 * The bottle's own Dockerfile; null when the agent's image is used.
 *
 * @throws DurableFsError when it is larger than MAX_OVERRIDE_BYTES, or no regular file
 */
export function readOverride(paths: BottlePaths): string | null {
  return readFileOrAbsent(paths.dockerfile, { maxBytes: MAX_OVERRIDE_BYTES });
}

/**
 * Replaces the bottle's Dockerfile as a whole: a reader, or a crash, sees the old one or the new one.
 *
 * @throws PreserveError `bad-override` when the text is blank, holds a NUL or is larger than MAX_OVERRIDE_BYTES
 */
export async function writeOverride(paths: BottlePaths, text: string): Promise<void> {
  const problem = whatIsWrong(text);
  if (problem !== null)
    throw new PreserveError('bad-override', `a Dockerfile override ${problem}`, paths.dockerfile);
  await replaceFile(paths.dockerfile, text, { mode: 0o644 });
}

/** Back to the agent's own image; true when there was an override. */
export function clearOverride(paths: BottlePaths): Promise<boolean> {
  return removeFile(paths.dockerfile);
}

/** The tag of the image that is built from the bottle's override. */
export function overrideImage(identity: string): string {
  return `bot-bottle-rebuilt-${identity}:latest`;
}

function whatIsWrong(text: string): string | null {
  if (text.trim() === '') return 'must not be blank: clear it instead';
  if (text.includes('\0')) return 'must not hold a NUL';
  const bytes = Buffer.byteLength(text);
  return bytes > MAX_OVERRIDE_BYTES ? `has ${bytes} bytes, at most ${MAX_OVERRIDE_BYTES} are taken` : null;
}
