import { lstatSync } from 'node:fs';

/** Whether a path has anything, a link that leads nowhere included. A look is much cheaper than an open that fails. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
