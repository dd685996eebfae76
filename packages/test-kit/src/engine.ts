import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks at whether the engine answers, and how often it is looked. */
const LOOK_MS = 100;
const LOOKS = 300;

/** An engine of the tests' own, and what stops it. */
export interface TestEngine {
  stop(): Promise<void>;
}

/** Whether a container engine answers here, or `startEngine` can start one. Under CI one that cannot be had is an error. */
export function canHaveEngine(): boolean {
  const can =
    answers() ||
    (process.getuid?.() === 0 && succeeds('dockerd', '--version') && succeeds('docker', '--version'));
  if (!can && process.env['CI'])
    throw new Error('no container engine answers, and the tests under CI need one');
  return can;
}

/** `describe`, or a visible skip where there can be no engine. */
export function describeWithEngine(title: string, tests: () => void): void {
  if (canHaveEngine()) describe(title, tests);
  else describe.skip(`${title} (skipped: no container engine answers)`, tests);
}

/**
 * Starts an engine where none answers, and points DOCKER_HOST at it: without a bridge and without a packet filter, since no bottle
 * has a network. All that it keeps lies below /tmp and goes with it.
 */
export async function startEngine(): Promise<TestEngine> {
  if (answers() || !canHaveEngine()) return { stop: async () => {} };
  const folder = mkdtempSync('/tmp/bot-bottle-dockerd-');
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const log = openSync(join(folder, 'log'), 'a');
  const paths = ['data-root', 'exec-root'].map(name => `--${name}=${join(folder, name)}`);
  const network = [
    '--bridge=none',
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--ip-masq=false',
  ];
  const options = [`--host=${socket}`, `--pidfile=${join(folder, 'pid')}`, ...paths, ...network];
  const engine = spawn('dockerd', options, { stdio: ['ignore', log, log] });
  const stop = () => stopEngine(engine, folder);
  process.env['DOCKER_HOST'] = socket;
  for (let looks = 0; looks < LOOKS; looks++) {
    if (answers()) return { stop };
    await sleep(LOOK_MS);
  }
  await stop();
  throw new Error('dockerd did not start');
}

async function stopEngine(engine: ChildProcess, folder: string): Promise<void> {
  const over = once(engine, 'exit');
  if (engine.exitCode === null && engine.kill('SIGTERM')) await over;
  rmSync(folder, { recursive: true, force: true });
}

function answers(): boolean {
  return succeeds('docker', 'version', '--format', '{{.Server.Version}}');
}

function succeeds(file: string, ...args: string[]): boolean {
  return spawnSync(file, args, { timeout: 10_000 }).status === 0;
}
