import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TEST_IMAGE, temporaryFolder } from '@bot-bottle/test-kit';

/** The built program of bot-bottle, as an operator runs it. */
export const BUNDLE = join(
  dirname(createRequire(__filename).resolve('bot-bottle/package.json')),
  'dist/bot-bottle.cjs',
);

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An operator whose bottles run in containers of the built adapter, on the tests' engine. */
export class Operator {
  readonly home = join(temporaryFolder(), 'home');
  readonly root = join(this.home, '.bot-bottle');
  readonly env: Record<string, string>;

  /**
   * @param backend the default for new bottles
   * @param changes of the environment of all that it runs
   * @param shell what `shell` is; without an image it runs on both backends
   */
  constructor(
    backend = 'docker',
    changes: Readonly<Record<string, string>> = {},
    shell: object = { image: TEST_IMAGE },
  ) {
    mkdirSync(this.root, { recursive: true });
    // A second one, whose conversation is a folder.
    const talker = { image: TEST_IMAGE, command: ['sh'], transcript: ['.talk'] };
    this.configure({ shell, talker }, backend);
    const engine = ['DOCKER_HOST', 'DOCKER_CONFIG'].flatMap(name => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    });
    const own = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.home,
      BOT_BOTTLE_HOME: this.root,
      BOT_BOTTLE_IMAGE: TEST_IMAGE,
    };
    this.env = { ...own, ...Object.fromEntries(engine), ...changes };
  }

  /** Writes the operator's configuration: these agents, the default backend for new bottles, and their limits. */
  configure(agents: Readonly<Record<string, object>>, backend = 'docker', limits: object = {}): void {
    const backends = { docker: join(__dirname, '../dist/index.cjs') };
    const config = { backend, backends, agents, limits };
    writeFileSync(join(this.root, 'bot-bottle.yaml'), JSON.stringify(config));
  }

  /** Runs a command to its end; what it reads is `input`. */
  run(args: readonly string[], input = '', env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const options = { env: { ...this.env, ...env }, cwd: this.home };
      const child = spawn(process.execPath, [BUNDLE, ...args], options);
      const texts = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', text => {
          texts[name] += text;
        });
      }
      child.once('error', reject).once('close', code => resolve({ code, ...texts }));
      child.stdin.on('error', () => {}).end(input);
    });
  }

  /** Starts a bottle that goes on without a terminal; returns its identity. */
  start(...command: readonly string[]): Promise<string> {
    return this.startAs('shell', ...command);
  }

  async startAs(agent: 'shell' | 'talker', ...command: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(['start', agent, '--detach', '--', ...command]);
    if (code !== 0) throw new Error(`start failed with ${code}: ${stderr}`);
    return stdout.trim();
  }

  folder(identity: string): string {
    return join(this.root, 'state', identity);
  }

  /** The process that keeps a bottle. */
  keeperOf(identity: string): number {
    return (JSON.parse(readFileSync(join(this.folder(identity), 'session.json'), 'utf8')) as { pid: number })
      .pid;
  }

  /** As `kill -9` and the kernel do; returns when the process is gone. */
  async killKeeper(identity: string): Promise<void> {
    const pid = this.keeperOf(identity);
    process.kill(pid, 'SIGKILL');
    // Without a command line: dead, and perhaps not waited for yet.
    const lives = () => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
      } catch {
        return false;
      }
    };
    while (lives()) await sleep(20);
  }

  /** What a command prints as JSON; it must not fail. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '--json']);
    if (code !== 0 || stderr !== '') throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }
}

/** The engine's client, run as its operator would; returns what it prints. */
export function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}
