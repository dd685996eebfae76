import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';

/** A folder for the PATH whose `docker` and `docker-compose` are the real ones, and note what they are asked. */
export function loggingClient(): { readonly folder: string; calls(): string[] } {
  const folder = temporaryFolder();
  const log = join(folder, 'log');
  writeFileSync(log, '');
  for (const name of ['docker', 'docker-compose']) {
    const script = `#!/bin/sh\necho "$*" >>'${log}'\nPATH=\${PATH#*:} exec ${name} "$@"\n`;
    writeFileSync(join(folder, name), script, { mode: 0o755 });
  }
  return { folder, calls: () => readFileSync(log, 'utf8').split('\n').slice(0, -1) };
}
