import { realpathSync, statSync } from 'node:fs';
import type { BottleSpec, FileMount } from '@bot-bottle/backend';
import { BackendError, checkFile, FILE_FOLDERS } from '@bot-bottle/backend';
import { ADDRESS_FILE } from './sandbox.js';

/**
 * The files to show, each where it is covered: a system's bundle is often a link to another place.
 * @throws BackendError `bad-spec`
 */
export function resolveFiles({ files = [] }: BottleSpec): readonly FileMount[] {
  return files.flatMap(file => {
    checkFile(file);
    const { source, target } = file;
    if (target === ADDRESS_FILE) throw new BackendError('bad-spec', `${target} is this backend's own file`);
    if (target.startsWith(FILE_FOLDERS.own)) return [file];
    const covered = realFile(target);
    return covered !== null && isSystems(covered) ? [{ source, target: covered }] : [];
  });
}

function isSystems(path: string): boolean {
  return FILE_FOLDERS.system.some(folder => path.startsWith(folder));
}

function realFile(path: string): string | null {
  try {
    const real = realpathSync(path);
    return statSync(real).isFile() ? real : null;
  } catch {
    return null;
  }
}
