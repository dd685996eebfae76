import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { markPreserved } from '@bot-bottle/preserve';
import { parseTrace, type TracedCall, temporaryFolder } from '@bot-bottle/test-kit';
import type { AgentDefinition } from '../../src/agents/definition.js';
import { encodeControl, encodeData } from '../../src/keeper/protocol.js';
import type { KeeperReply, KeeperRequest } from '../../src/keeper/request.js';
import { KeeperConnection } from '../../src/session/keeper-connection.js';
import { BUNDLE, type Operator, until } from './cli.js';

/** System calls by which a keeper changes something. */
const CHANGING = [
  'rename',
  'mkdir',
  'unlink',
  'rmdir',
  'fchmod',
  'fsync',
  'bind',
  'clone',
  'clone3',
  'openat',
];

/** An agent that works, says something, and waits for a word. Its name in the process table is the token. */
export function worker(token: string): AgentDefinition {
  return {
    name: 'worker',
    description: '',
    command: ['sh', '-c', 'echo work >made; echo said >"$HOME/.said"; read -r x', token],
    resumeArgs: [],
    passEnv: [],
    setEnv: {},
    transcript: ['.said'],
  };
}

export interface KeeperRun {
  /** Null: it died before it answered. */
  readonly reply: KeeperReply | null;
  /** The marker was acknowledged before the agent was let go. */
  readonly marked: boolean;
  readonly killed: boolean;
  /** What its main thread did, where all its changes of the disk happen. */
  readonly calls: readonly TracedCall[];
}

/**
 * Runs one keeper through a whole session under strace: the agent works, the bottle is marked where `mark` says so, and
 * the agent is told to end. `inject` is a fault in strace's terms. Only the keeper is traced, never the sandbox.
 */
export async function keeperUnderStrace(
  operator: Operator,
  request: KeeperRequest,
  options: { readonly mark: boolean; readonly inject?: string },
): Promise<KeeperRun> {
  const keeper = spawn(process.execPath, [BUNDLE, '__keeper', request.kind, 'test'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: operator.env,
  });
  const ended = new Promise<NodeJS.Signals | null>(resolve => {
    keeper.once('exit', (_, signal) => resolve(signal));
  });
  const log = join(temporaryFolder({ memory: true }), 'trace');
  const { released } = await attach(keeper, log, options.inject);
  const reply = await ask(keeper, request);
  const marked = reply?.kind === 'ready' ? await converse(operator, reply.identity, options.mark) : false;
  const signal = await ended;
  await released;
  return {
    reply,
    marked,
    killed: signal === 'SIGKILL',
    calls: parseTrace(readFileSync(log, 'utf8').replace(/^(?=.)/gm, '1 ')),
  };
}

/** Whether any process carries the token, in this namespace or in one below it; but for programs called `besides`. */
export function runs(token: string, { besides }: { readonly besides?: string } = {}): boolean {
  return readdirSync('/proc').some(name => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return line.includes(token) && basename(line.split('\0', 1)[0] ?? '') !== besides;
    } catch {
      return false;
    }
  });
}

/** Resolves when strace holds the keeper; `released` when it has let go. */
async function attach(
  keeper: ChildProcess,
  log: string,
  inject: string | undefined,
): Promise<{ released: Promise<void> }> {
  // It waits for its request now: everything before is Node's own start.
  await until(() => readFileSync(`/proc/${keeper.pid}/wchan`, 'utf8').includes('epoll'));
  const fault = inject === undefined ? [] : ['-e', `inject=${inject}`];
  // With -f the sandbox would be traced, and killed, too.
  const args = [
    '-p',
    String(keeper.pid),
    '-qq',
    '-y',
    '-s',
    '200',
    '-e',
    `trace=${CHANGING.join(',')}`,
    ...fault,
  ];
  const strace = spawn('strace', [...args, '-o', log], { stdio: 'ignore' });
  const released = new Promise<void>((resolve, reject) => {
    strace.once('error', reject).once('exit', () => resolve());
  });
  await until(
    () => existsSync(log) && !/^TracerPid:\s*0$/m.test(readFileSync(`/proc/${keeper.pid}/status`, 'utf8')),
  );
  return { released };
}

function ask(keeper: ChildProcess, request: KeeperRequest): Promise<KeeperReply | null> {
  return new Promise(resolve => {
    keeper.once('message', message => resolve(message as KeeperReply));
    keeper.once('exit', () => resolve(null));
    keeper.send(request, error => {
      if (error) resolve(null);
    });
  });
}

/** Waits for the work, marks, and lets the agent end; whatever the keeper's death leaves of that. True: marked. */
async function converse(operator: Operator, identity: string, mark: boolean): Promise<boolean> {
  const paths = operator.bottle(identity);
  let marked = false;
  try {
    const connection = await KeeperConnection.open(paths);
    connection.send(encodeControl({ type: 'attach', size: null, replay: true }));
    const ended = connection.follow(async () => {});
    ended.catch(() => {});
    await Promise.race([ended, until(() => existsSync(join(paths.home, '.said')))]);
    if (mark) {
      await markPreserved(paths);
      marked = true;
    }
    for (const frame of encodeData(Buffer.from('\n'))) connection.send(frame);
    await ended;
  } catch {
    // The keeper is dead: what it left is what the test looks at.
  }
  return marked;
}
