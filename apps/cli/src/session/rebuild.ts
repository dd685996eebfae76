import type { Backend } from '@bot-bottle/backend';
import { isPreserved, markPreserved } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import { codeOf } from '../thrown.js';
import { removeImage } from './image.js';
import { type ResumedBottle, type ResumeOptions, resumeBottle } from './resume.js';
import { stopBottle } from './stop.js';

/**
 * Ends a running bottle whose next image is built, and resumes it: the conversation goes on in that. From the stop until the agent runs
 * the bottle is preserved, so whatever fails or is killed in between leaves one that `resume` goes on with.
 */
export async function continueInImage(
  context: Context,
  { paths, backend }: { readonly paths: BottlePaths; readonly backend: Backend },
  options: Omit<ResumeOptions, 'preserve'>,
): Promise<ResumedBottle> {
  const preserve = isPreserved(paths);
  try {
    await markPreserved(paths);
  } catch (error) {
    // It ended by itself while its image was built, and nobody kept it.
    if (codeOf(error) === 'no-such-bottle') await removeImage(backend, paths);
    throw error;
  }
  await stopBottle(paths);
  return resumeBottle(context, paths.identity, { ...options, preserve });
}
