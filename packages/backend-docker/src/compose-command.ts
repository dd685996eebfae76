import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './command.js';
import { findProgram, programOnPath } from './programs.js';

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
  return findProgram([join(clientConfiguration(env), 'cli-plugins'), ...PLUGIN_FOLDERS], 'docker-compose');
}

/** `docker-compose` as Debian has it (v1.29), or v2 by itself. */
export function composeOnPath(env: Environment): string | null {
  return programOnPath(env, 'docker-compose');
}

/** The folder of the client's configuration, plugins and contexts. */
export function clientConfiguration(env: Environment): string {
  return env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
}
