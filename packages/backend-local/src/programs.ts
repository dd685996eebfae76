import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** Absolute path of a program in PATH or in the system's own folders, or null. Relative entries of PATH are not followed. */
export function findProgram(name: string, path = ''): string | null {
  for (const folder of [...path.split(delimiter).filter(isAbsolute), ...SYSTEM_PATH]) {
    const file = join(folder, name);
    if (isExecutableFile(file)) return file;
  }
  return null;
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
