import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TerminalSize } from '@bot-bottle/backend';
import type { Context } from '../context.js';
import { SessionError } from '../session/errors.js';
import { fromFailure, type KeeperReply, type KeeperRequest } from './request.js';

/** Takes what the build of an image says, a line at a time. */
export type OnProgress = (line: string) => void;
type Ready = Extract<KeeperReply, { kind: 'ready' }>;

/** The program's entry, beside the file that this is bundled into (tsup.config.ts). */
const ENTRY = join(__dirname, 'bot-bottle.cjs');
/**
 * V8's young generation, in MiB for each half; its own 16 hold 500 open tunnels over for a pause of 20 ms, in which no policy is enforced
 * (docs/decisions/egress-engine.md).
 */
const NODE_OPTIONS = ['--max-semi-space-size=4'];
/** What a terminal has that nobody sized: a VT100's. */
export const DEFAULT_SIZE: TerminalSize = { columns: 80, rows: 24 };

/** A keeper that has no task yet. */
export interface BootingKeeper {
  /**
   * Gives it its task and returns when its agent runs. It goes on whatever becomes of this process; only SIGINT and SIGTERM
   * until then cancel it. Throws SessionError with the keeper's reason.
   */
  ask(request: KeeperRequest, onProgress: OnProgress): Promise<Ready>;
  /** Ends it. It has done nothing. */
  dismiss(): void;
}

/** Spawns a keeper in a session of its own, which loads while its task is still being made. `subject` is for `ps`. */
export function bootKeeper({ env }: Pick<Context, 'env'>, kind: string, subject: string): BootingKeeper {
  const keeper = spawn(process.execPath, [...NODE_OPTIONS, ENTRY, '__keeper', kind, subject], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    cwd: '/',
    env: { ...env },
  });
  const failure = failureOf(keeper);
  return {
    ask: (request, onProgress) => askKeeper(keeper, failure, request, onProgress),
    // Without its channel it knows that nobody has a task for it.
    dismiss: () => keeper.disconnect(),
  };
}

/** For a task that is there already. */
export function spawnKeeper(
  context: Context,
  request: KeeperRequest,
  onProgress: OnProgress,
): Promise<Ready> {
  const subject = request.kind === 'start' ? request.start.agent.name : request.identity;
  return bootKeeper(context, request.kind, subject).ask(request, onProgress);
}

async function askKeeper(
  keeper: ChildProcess,
  failure: Promise<never>,
  request: KeeperRequest,
  onProgress: OnProgress,
): Promise<Ready> {
  const cancel = (): void => {
    keeper.kill('SIGTERM');
  };
  process.on('SIGINT', cancel).on('SIGTERM', cancel);
  try {
    const reply = await Promise.race([replyOf(keeper, request, onProgress), failure]);
    if (reply.kind === 'failed') {
      throw fromFailure(reply.failure);
    }
    return reply;
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel);
    // The channel stays: until it closes with this process, the keeper waits for us to attach to a very short session.
    keeper.channel?.unref();
    keeper.unref();
  }
}

/** Rejects if it ends without a reply, whenever that is. */
function failureOf(keeper: ChildProcess): Promise<never> {
  const failure = new Promise<never>((_resolve, reject) => {
    keeper.once('error', cause => reject(failed(`the keeper could not be started: ${cause.message}`, cause)));
    keeper.once('exit', (code, signal) => {
      // Our own signal, before the keeper could hear it: it had made nothing.
      if (keeper.killed && signal === 'SIGTERM') {
        reject(new SessionError('cancelled', 'the start was interrupted'));
      }
      reject(failed(`the keeper died (${signal ?? `exit ${code}`}) before the agent ran`));
    });
  });
  // Until somebody asks it is nobody's.
  failure.catch(() => {});
  return failure;
}

type Answer = Exclude<KeeperReply, { kind: 'progress' }>;

function replyOf(keeper: ChildProcess, request: KeeperRequest, onProgress: OnProgress): Promise<Answer> {
  return new Promise((resolve, reject) => {
    keeper.on('message', message => {
      const said = message as KeeperReply;
      if (said.kind === 'progress') onProgress(said.line);
      else resolve(said);
    });
    keeper.send(request, error => {
      if (error) {
        reject(failed(`the keeper did not take its task: ${error.message}`, error));
      }
    });
  });
}

function failed(message: string, cause?: unknown): SessionError {
  return new SessionError('start-failed', message, { cause });
}
