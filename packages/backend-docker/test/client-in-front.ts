import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composePlugin } from '../src/compose-command.js';

/**
 * Puts a script in front of each of the engine's clients, Compose's plugin included, and returns what a command needs in its
 * environment to go through it. In the script `$client` is the one behind it, and what the script calls by name it calls past itself.
 */
export function clientInFront(folder: string, script: string): Readonly<Record<string, string>> {
  const write = (path: string, client: string) =>
    writeFileSync(
      path,
      `#!/bin/sh
PATH=\${PATH#*:}
client='${client}'
# The client asks its plugins what they are, on its own account.
[ "$1" = docker-cli-plugin-metadata ] && exec "$client" "$@"
${script}`,
      { mode: 0o755 },
    );
  for (const name of ['docker', 'docker-compose']) write(join(folder, name), name);
  const env = { PATH: `${folder}:${process.env['PATH']}` };
  const plugin = composePlugin(process.env);
  if (plugin === null) return env;
  mkdirSync(join(folder, 'cli-plugins'));
  write(join(folder, 'cli-plugins/docker-compose'), plugin);
  return { ...env, DOCKER_CONFIG: folder };
}
