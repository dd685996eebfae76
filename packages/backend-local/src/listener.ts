import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { BackendError, EGRESS_PROOF } from '@bot-bottle/backend';
import { LISTENER_PROGRAM } from './listener-program.js';
import { JOIN_REMEDY } from './remedy.js';

/** Milliseconds that the way out may take to be there and proven. */
const TIMEOUT = 10_000;

export interface ListenerOptions {
  readonly nsenter: string;
  /** A process in the bottle's network namespace that has not left the user namespace which owns that. */
  readonly pid: number;
  readonly port: number;
  readonly serve: (connection: Duplex) => void;
}

/** What the listener's program says. */
interface Message {
  readonly listening?: true;
  readonly answer?: string;
  readonly failed?: string;
}

/**
 * Has a listener opened in the bottle's network namespace, passed to this process and proven: what must be denied was asked
 * from inside and denied. The one who opened it is gone then, and nothing of it is in the bottle but the open port.
 * @throws BackendError `isolation-failed`
 */
export async function openListener({ nsenter, pid, port, serve }: ListenerOptions): Promise<Server> {
  const join = ['--user', '--net', '--preserve-credentials', `--target=${pid}`, '--'];
  const node = [process.execPath, '-e', LISTENER_PROGRAM, `${port}`, EGRESS_PROOF];
  const helper = spawn(nsenter, [...join, ...node], {
    cwd: '/',
    // No variable of the operator's may change what this Node does.
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: TIMEOUT,
    killSignal: 'SIGKILL',
  });
  let listener: Server | null = null;
  helper.on('message', (_message, handle) => {
    if (!(handle instanceof Server)) return;
    // One of its own on the same handle: connections must be able to end one way, as HTTP's may.
    listener = createServer({ allowHalfOpen: true, noDelay: true }, serve).listen(handle);
    // A connection that cannot be taken, for want of descriptors say, is the bottle's loss and not the end of its keeper.
    listener.on('error', () => {});
  });
  try {
    const answer = await answerTo(helper);
    if (listener === null || !/^HTTP\/1\.[01] 403\b/.test(answer)) {
      throw new Error(`what must be denied was answered ${JSON.stringify(answer)}`);
    }
    return listener;
  } catch (cause) {
    const opened = listener as Server | null;
    opened?.close();
    const message = `the bottle's way out is not proven: ${(cause as Error).message}`;
    // What the host answers is no fault of the machine's.
    throw new BackendError('isolation-failed', message, {
      cause,
      ...(opened === null ? { remedy: JOIN_REMEDY } : {}),
    });
  }
}

/** What the request that must be denied was answered. Rejects with why there is no answer. */
function answerTo(helper: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    helper.stderr?.on('data', chunk => {
      said += chunk;
    });
    helper.on('message', ({ answer, failed }: Message) => {
      if (answer !== undefined) resolve(answer);
      if (failed !== undefined) reject(new Error(failed));
    });
    helper.once('error', reject);
    helper.once('close', (code, signal) => {
      reject(new Error(said.trim() || `its helper ended with ${signal ?? code}`));
    });
  });
}
