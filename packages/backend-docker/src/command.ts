import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Lines } from './lines.js';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandOptions {
  readonly env: Environment;
  /** Milliseconds until it is killed. */
  readonly timeoutMs: number;
  readonly input?: Readable | undefined;
  /** Kills it; the promise then rejects with the signal's reason, an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Takes each line of both streams as it comes; of the result's texts only the end is then kept. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** It is killed as soon as it has written a line. */
  readonly firstLine?: boolean | undefined;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** Octets that are kept of a stream whose lines are taken. */
const END = 64 * 1024;

/**
 * Runs a program to its end, or to its first line; when it is killed, with all of its group. Rejects with the system's error where it
 * cannot be started, and with that of its input.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { env, timeoutMs, input, signal, onLine, firstLine = false } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child: ChildProcess = spawn(file, args, {
      env: { ...env },
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: a plug-in of the client's is a process beside it, and would go on without it.
      detached: true,
    });
    const out = gather(child.stdout, onLine);
    const err = gather(child.stderr, onLine);
    let timedOut = false;
    const end = () => {
      killGroup(child);
      // What left the group may hold the pipes open for ever.
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    let over = false;
    const fail = (error: unknown) => {
      // Its number may be another group's by now.
      if (!over) end();
      reject(error);
    };
    const abort = () => fail(signal?.reason);
    signal?.addEventListener('abort', abort);
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    if (firstLine) child.stdout?.on('data', (chunk: Buffer) => chunk.includes('\n') && end());
    // It may end without having read everything; its exit code says why.
    child.stdin?.on('error', () => input?.destroy());
    if (input === undefined) child.stdin?.end();
    else if (child.stdin !== null) input.on('error', fail).pipe(child.stdin);
    const finish = () => {
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    child.once('error', error => {
      finish();
      reject(error);
    });
    child.once('close', code => {
      finish();
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString(), timedOut });
    });
  });
}

/** What a stream says: all of it, or only its end where its lines are taken as they come. */
function gather(stream: Readable | null, onLine: CommandOptions['onLine']): Buffer[] {
  const chunks: Buffer[] = [];
  const lines = onLine === undefined ? null : new Lines(onLine);
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    lines?.push(chunk);
    while (lines !== null && size > END && chunks.length > 1) size -= chunks.shift()?.length ?? 0;
  });
  stream?.on('end', () => lines?.end());
  return chunks;
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It came to its end meanwhile.
  }
}
