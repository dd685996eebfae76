import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Environment } from './command.js';

/** Where the client looks for its plugins after its configuration's folder (docker/cli, `defaultSystemPluginDirs`). */
const PLUGIN_FOLDERS = [
  '/usr/local/lib/docker/cli-plugins',
  '/usr/local/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
];

/**
 * The client's plugin, Compose v2, to be run by itself as its "standalone" form is: it reads the same contexts and environment, and the
 * client in front of it costs 50 ms a call. Null: it is not in the usual places.
 */
export function composePlugin(env: Environment): string | null {
  const configuration = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  return findProgram([join(configuration, 'cli-plugins'), ...PLUGIN_FOLDERS], 'docker-compose');
}

/** `docker-compose` as Debian has it (v1.29), or v2 by itself. */
export function composeOnPath(env: Environment): string | null {
  return findProgram((env['PATH'] ?? '').split(delimiter), 'docker-compose');
}

function findProgram(folders: readonly string[], name: string): string | null {
  return (
    folders
      .filter(folder => folder !== '')
      .map(folder => join(folder, name))
      .find(isProgram) ?? null
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
