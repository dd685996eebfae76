import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, normalize } from 'node:path';
import type { BottleSpec, FileMount } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { ADDRESS_FILE } from './sandbox.js';

const OWN = `${dirname(ADDRESS_FILE)}/`;
/** Of the host's, shown in every bottle. */
const SYSTEM = ['/etc/ssl/', '/etc/pki/'];

/**
 * The files to show, each where it is covered: a system's bundle is often a link to another place.
 * @throws BackendError `bad-spec`
 */
export function resolveFiles({ files = [] }: BottleSpec): readonly FileMount[] {
  return files.flatMap(({ source, target }) => {
    checkSource(source);
    checkTarget(target);
    if (target.startsWith(OWN)) return [{ source, target }];
    const covered = realFile(target);
    return covered !== null && isBelow(SYSTEM, covered) ? [{ source, target: covered }] : [];
  });
}

function checkSource(source: string): void {
  if (!isAbsolute(source) || source.includes('\0')) throw bad(`file is not an absolute path: ${source}`);
  const stat = lstatSync(source, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw bad(`not a regular file: ${source}`);
}

function checkTarget(target: string): void {
  const plain = normalize(target) === target && !target.includes('\0') && !target.endsWith('/');
  if (!plain || target === ADDRESS_FILE || !isBelow([OWN, ...SYSTEM], target)) {
    throw bad(`a file is shown below ${[OWN, ...SYSTEM].join(', ')} alone; got ${target}`);
  }
}

function isBelow(folders: readonly string[], path: string): boolean {
  return folders.some(folder => path.startsWith(folder));
}

function realFile(path: string): string | null {
  try {
    const real = realpathSync(path);
    return statSync(real).isFile() ? real : null;
  } catch {
    return null;
  }
}

function bad(message: string): BackendError {
  return new BackendError('bad-spec', message);
}
