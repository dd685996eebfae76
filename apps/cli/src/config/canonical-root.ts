import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * One spelling of a root, however it is reached: what a backend has of a bottle names its folder by it. Links above the root are
 * followed; one in its own place is left for whoever opens it to refuse. What is not there yet stays as it is written.
 * @param root absolute
 */
export function canonicalRoot(root: string): string {
  const parent = dirname(root);
  if (parent === root) return root;
  try {
    return join(realpathSync.native(parent), basename(root));
  } catch {
    return join(canonicalRoot(parent), basename(root));
  }
}
