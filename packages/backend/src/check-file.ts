import { lstatSync } from 'node:fs';
import { isAbsolute, normalize } from 'node:path';
import { BackendError } from './errors.js';
import type { FileMount } from './spec.js';

/** Where a bottle shows files of its own, and where it shows them over its system's. */
export const FILE_FOLDERS = { own: '/run/bot-bottle/', system: ['/etc/ssl/', '/etc/pki/'] } as const;

/** Whether a file may be shown there, as `FileMount` says. @throws BackendError `bad-spec` */
export function checkFile({ source, target }: FileMount): void {
  if (!isAbsolute(source) || source.includes('\0')) throw bad(`file is not an absolute path: ${source}`);
  if (!lstatSync(source, { throwIfNoEntry: false })?.isFile()) throw bad(`not a regular file: ${source}`);
  const plain = normalize(target) === target && !target.includes('\0') && !target.endsWith('/');
  const folders = [FILE_FOLDERS.own, ...FILE_FOLDERS.system];
  if (!plain || !folders.some(folder => target.startsWith(folder))) {
    throw bad(`a file is shown below ${folders.join(', ')} alone; got ${target}`);
  }
}

function bad(message: string): BackendError {
  return new BackendError('bad-spec', message);
}
