import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
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
  return neededUnderCi(answers() || canStartEngine());
}

function canStartEngine(): boolean {
  return process.getuid?.() === 0 && succeeds('dockerd', '--version') && succeeds('docker', '--version');
}

function neededUnderCi(can: boolean): boolean {
  if (!can && process.env['CI'])
    throw new Error('no container engine can be had, and the tests under CI need one');
  return can;
}

/** `describe`, or a visible skip where there can be no engine. */
export function describeWithEngine(title: string, tests: () => void): void {
  if (canHaveEngine()) describe(title, tests);
  else describe.skip(`${title} (skipped: no container engine answers)`, tests);
}

/** The same, for tests that stop and freeze an engine: it has to be theirs. */
export function describeWithOwnEngine(title: string, tests: () => void): void {
  if (neededUnderCi(canStartEngine())) describe(title, tests);
  else describe.skip(`${title} (skipped: no container engine can be started)`, tests);
}

/** Starts an engine where none answers, and points DOCKER_HOST at it. */
export async function startEngine(): Promise<TestEngine> {
  if (answers() || !canHaveEngine()) return { stop: async () => {} };
  const engine = new OwnEngine();
  process.env['DOCKER_HOST'] = engine.address;
  await engine.start();
  return engine;
}

/**
 * An engine for one test file, which may stop and freeze it: without a bridge and without a packet filter, since no bottle has a
 * network. All that it keeps lies below /tmp and goes with it.
 */
export class OwnEngine implements TestEngine {
  readonly #folder = mkdtempSync('/tmp/bot-bottle-dockerd-');
  /** For DOCKER_HOST. */
  readonly address = `unix://${join(this.#folder, 'docker.sock')}`;
  #process: ChildProcess | null = null;

  /** @param options more of dockerd's; settles when it answers */
  async start(...options: readonly string[]): Promise<void> {
    const log = openSync(join(this.#folder, 'log'), 'a');
    const paths = ['data-root', 'exec-root'].map(name => `--${name}=${join(this.#folder, name)}`);
    const network = [
      '--bridge=none',
      '--iptables=false',
      '--ip6tables=false',
      '--ip-forward=false',
      '--ip-masq=false',
    ];
    const own = [`--host=${this.address}`, `--pidfile=${join(this.#folder, 'pid')}`, ...paths, ...network];
    this.#process = spawn('dockerd', [...own, ...options], { stdio: ['ignore', log, log] });
    closeSync(log);
    for (let looks = 0; looks < LOOKS; looks++) {
      if (answers(this.address)) return;
      await sleep(LOOK_MS);
    }
    await this.stop();
    throw new Error('dockerd did not start');
  }

  /** Ends it in order, and its containers with it; `start` brings it back. */
  async shutDown(): Promise<void> {
    const engine = this.#process;
    if (engine === null || engine.exitCode !== null) return;
    this.thaw();
    const over = once(engine, 'exit');
    if (engine.kill('SIGTERM')) await over;
  }

  /** It answers nothing any more, until it is thawed. What runs in it runs on. */
  freeze(part: 'dockerd' | 'containerd' = 'dockerd'): void {
    this.#signal(part, 'SIGSTOP');
  }

  thaw(): void {
    for (const part of ['dockerd', 'containerd'] as const) this.#signal(part, 'SIGCONT');
  }

  async stop(): Promise<void> {
    await this.shutDown();
    // Which one with --live-restore leaves mounted.
    spawnSync('umount', [join(this.#folder, 'data-root')]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #signal(part: 'dockerd' | 'containerd', signal: NodeJS.Signals): void {
    const file = join(this.#folder, part === 'dockerd' ? 'pid' : 'exec-root/containerd/containerd.pid');
    process.kill(Number(readFileSync(file, 'utf8')), signal);
  }
}

/** @param address of the engine; default: the client's own */
function answers(address?: string): boolean {
  const at = address === undefined ? [] : ['--host', address];
  return succeeds('docker', ...at, 'version', '--format', '{{.Server.Version}}');
}

function succeeds(file: string, ...args: string[]): boolean {
  return spawnSync(file, args, { timeout: 10_000 }).status === 0;
}
