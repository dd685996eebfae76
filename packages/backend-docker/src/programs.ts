import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import type { Environment } from './command.js';

/** The program that is run by a name, as `runCommand` does: from the root folder. */
export function programOnPath(env: Environment, name: string): string | null {
  return findProgram((env['PATH'] ?? '').split(delimiter), name);
}

/** The first of these folders' that can be run. */
export function findProgram(folders: readonly string[], name: string): string | null {
  return folders.map(folder => resolve('/', folder, name)).find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
