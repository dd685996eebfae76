import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { withComposeV2 } from './composes.js';

/** Milliseconds between two looks at whether the service answers, and how often it is looked. */
const LOOK_MS = 100;
const LOOKS = 300;

export interface TestPodman {
  /** Of a client: `docker` is Podman's own, Compose speaks to the service. */
  readonly env: NodeJS.ProcessEnv;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Podman of the tests' own, with all that it keeps in a temporary folder. Null: it, root or Compose v2 is not there. */
export function preparePodman(): TestPodman | null {
  const compose = withComposeV2(process.env);
  if (process.getuid?.() !== 0 || spawnSync('podman', ['--version']).status !== 0 || compose === null)
    return null;
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  const socket = `unix://${at('podman.sock')}`;
  // The limits that are compiled in may be higher than what this machine lets anybody have.
  writeFileSync(at('containers.conf'), '[containers]\ndefault_ulimits = []\n');
  const places = `--root ${at('root')} --runroot ${at('run')} --tmpdir ${at('tmp')}`;
  // As /usr/bin/docker of Debian's podman-docker, which cannot be installed beside docker.io.
  const command = `#!/bin/sh\nexport CONTAINERS_CONF='${at('containers.conf')}'\nexec podman ${places} "$@"\n`;
  mkdirSync(at('bin'));
  writeFileSync(at('bin/docker'), command, { mode: 0o755 });
  const path = `${at('bin')}:${process.env['PATH']}`;
  const env: NodeJS.ProcessEnv = { ...compose, PATH: path, DOCKER_HOST: socket };
  let service: ChildProcess | null = null;
  return {
    env,
    async start() {
      service = spawn(at('bin/docker'), ['system', 'service', '--time', '0', socket], {
        env,
        stdio: 'ignore',
      });
      const answers = () =>
        spawnSync('podman', ['--remote', '--url', socket, 'version'], { env }).status === 0;
      for (let looks = 0; !answers(); looks++) {
        if (looks === LOOKS) throw new Error('the service of Podman did not start');
        await sleep(LOOK_MS);
      }
    },
    async stop() {
      if (service === null || service.exitCode !== null) return;
      const over = once(service, 'exit');
      if (service.kill('SIGTERM')) await over;
    },
  };
}
