import type { BottlePaths } from '@bot-bottle/state-paths';
import { isThere } from './is-there.js';

/** A bottle of the older tool: a record, and nothing of what a start of ours writes before it and after it. */
export function isOlder(paths: BottlePaths): boolean {
  return isThere(paths.metadata) && !isThere(paths.session) && !isThere(paths.launch);
}
