import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const answers = () =>
  spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status === 0;

/**
 * Starts an engine for the tests where none answers and root can: without a bridge and without a packet filter, since no bottle
 * has a network. What it keeps lies below /tmp and goes with it.
 */
export default async function start() {
  if (answers() || process.getuid() !== 0 || spawnSync('dockerd', ['--version']).status !== 0) return;
  const folder = mkdtempSync('/tmp/bot-bottle-dockerd-');
  const socket = join(folder, 'docker.sock');
  const log = openSync(join(folder, 'log'), 'a');
  const paths = ['data-root', 'exec-root'].map(name => `--${name}=${join(folder, name)}`);
  const options = [`--host=unix://${socket}`, `--pidfile=${join(folder, 'pid')}`, ...paths];
  const network = [
    '--bridge=none',
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--ip-masq=false',
  ];
  const engine = spawn('dockerd', [...options, ...network], { stdio: ['ignore', log, log], detached: true });
  process.env.DOCKER_HOST = `unix://${socket}`;
  globalThis.testEngine = { engine, folder };
  for (let tries = 0; tries < 300 && !answers(); tries++) await sleep(100);
  if (!answers()) throw new Error(`dockerd did not start; its log is ${join(folder, 'log')}`);
}
