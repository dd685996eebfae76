import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend, BottleSpec, ExitStatus, LaunchHost, RunningBottle } from '@bot-bottle/backend';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { localBackend } from '../src/local.js';

export interface Result {
  readonly code: number;
  /** With line ends as a file has them. */
  readonly output: string;
}

/** A machine of one operator: a home, a state root, and bottles in it. */
export interface Operator {
  readonly home: string;
  readonly stateRoot: string;
  readonly backend: Backend;
  /** The specification of a bottle whose folders exist. */
  spec(identity: string, changes?: Partial<BottleSpec>): BottleSpec;
}

export function operator(): Operator {
  const folder = temporaryFolder();
  const home = join(folder, 'operator');
  const stateRoot = join(home, '.bot-bottle');
  mkdirSync(join(stateRoot, 'state'), { recursive: true, mode: 0o700 });
  return {
    home,
    stateRoot,
    backend: localBackend({ home, stateRoot }),
    spec(identity, changes = {}) {
      const state = join(stateRoot, 'state', identity);
      const source = (name: string) => {
        mkdirSync(join(state, name), { recursive: true, mode: 0o700 });
        return join(state, name);
      };
      return {
        identity: identity as BottleSpec['identity'],
        stateFolder: join(state, 'backend'),
        agentName: 'test',
        command: ['true'],
        env: {},
        workspace: { kind: 'empty', source: source('workspace'), target: '/workspace' },
        home: { source: source('agent/home'), target: '/home/agent' },
        limits: {},
        labels: {},
        ...changes,
      };
    },
  };
}

/** Prepares, launches, waits for the end. */
export async function run(backend: Backend, spec: BottleSpec, host = ptyHost()): Promise<Result> {
  return finish(await backend.launch(await backend.prepare(spec), host));
}

export async function finish({ terminal, exited }: RunningBottle): Promise<Result> {
  const chunks: Uint8Array[] = [];
  terminal.onData(chunk => chunks.push(chunk));
  const { code } = await exited;
  return { code, output: Buffer.concat(chunks).toString().replaceAll('\r\n', '\n') };
}

/** The same command on the host, on a terminal like a bottle's, with the operator's environment. */
export async function runOutside(
  command: readonly string[],
  env: Record<string, string> = {},
  host: LaunchHost = ptyHost(),
): Promise<Result> {
  const [file = '', ...args] = command;
  const own = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', ...env };
  const terminal = host.openTerminal({ file, args, env: own, cwd: '/' });
  const exited = new Promise<ExitStatus>(resolve => terminal.onExit(resolve));
  return finish({ pid: terminal.pid, terminal, exited });
}
