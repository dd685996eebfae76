import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readLease } from '@bot-bottle/preserve';
import { type BottlePaths, bottlePaths, listIdentities } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';

/** The built program, for these tests are about real processes; BOT_BOTTLE_TEST_BUNDLE names another build. */
export const BUNDLE = process.env['BOT_BOTTLE_TEST_BUNDLE'] ?? join(__dirname, '../../dist/bot-bottle.cjs');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One operator on one root, with nothing of the tester's environment but the PATH. */
export class Operator {
  readonly home: string;
  readonly root: string;
  readonly env: Record<string, string>;

  constructor(options: { readonly root?: string; readonly env?: Record<string, string> } = {}) {
    this.home = join(temporaryFolder(), 'home');
    mkdirSync(this.home);
    this.root = options.root ?? join(this.home, '.bot-bottle');
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.home,
      TERM: 'xterm-256color',
      BOT_BOTTLE_HOME: this.root,
      ...options.env,
    };
  }

  /** Runs a command to its end. `input` is piped into it and closed; without, its stdin is empty. */
  run(
    args: readonly string[],
    options: { readonly input?: string; readonly cwd?: string } = {},
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [BUNDLE, ...args], {
        env: this.env,
        cwd: options.cwd ?? this.home,
      });
      const texts = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', text => {
          texts[name] += text;
        });
      }
      child.once('error', reject).once('close', code => resolve({ code, ...texts }));
      child.stdin.on('error', () => {}).end(options.input ?? '');
    });
  }

  /** Starts a bottle that goes on without a terminal. */
  async start(...args: readonly string[]): Promise<BottlePaths> {
    const split = args.indexOf('--');
    const at = split === -1 ? args.length : split;
    const { code, stdout, stderr } = await this.run([
      'start',
      ...args.slice(0, at),
      '--detach',
      ...args.slice(at),
    ]);
    if (code !== 0) {
      throw new Error(`start failed with ${code}: ${stderr}`);
    }
    return this.bottle(stdout.trim());
  }

  bottle(identity: string): BottlePaths {
    return bottlePaths(this.root, identity as BottlePaths['identity']);
  }

  bottles(): BottlePaths[] {
    return listIdentities(this.root).map(identity => bottlePaths(this.root, identity));
  }

  /** The one bottle that is there. */
  onlyBottle(): BottlePaths {
    const [bottle, ...others] = this.bottles();
    if (bottle === undefined || others.length > 0) {
      throw new Error(`expected one bottle, found ${this.bottles().length}`);
    }
    return bottle;
  }

  /** Kills what still runs and has its backend cleared, so that no test leaves a process or a cgroup behind. */
  async killAll(): Promise<void> {
    const paths = this.bottles();
    for (const pid of paths.flatMap(bottle => keeperOf(bottle) ?? [])) {
      process.kill(pid, 'SIGKILL');
    }
    await until(() => paths.every(bottle => keeperOf(bottle) === null));
    await Promise.all(paths.map(({ identity }) => this.run(['rm', '--force', identity])));
  }
}

/** The process that holds the bottle's lease; null where none lives. */
export function keeperOf(paths: BottlePaths): number | null {
  const lease = readLease(paths);
  return lease.state === 'alive' ? (lease.owner?.pid ?? null) : null;
}

/** Of a bottle that has one. A signal to no process must not become one to all of them (kill(2), pid -1). */
export function livingKeeperOf(paths: BottlePaths): number {
  const pid = keeperOf(paths);
  if (pid === null) throw new Error(`${paths.identity} has no keeper`);
  return pid;
}

/** Waits for something that is bound to happen; the limit is for a test that fails, and no promise depends on it. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > limit) {
      throw new Error(`waited ${limitMs} ms in vain for ${condition}`);
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
