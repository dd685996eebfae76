import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until it is killed. */
  readonly timeoutMs: number;
  readonly input?: Readable | undefined;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/** Runs a program to its end. Rejects with the system's error where it cannot be started. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { env, timeoutMs, input } = options;
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(file, args, {
      env: { ...env },
      cwd: '/',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
      // A child of its own may hold the pipes open for ever.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, timeoutMs);
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    // It may end without having read everything; its exit code says why.
    child.stdin?.on('error', () => input?.destroy());
    if (input === undefined) child.stdin?.end();
    else if (child.stdin !== null)
      input.on('error', error => child.kill() && reject(error)).pipe(child.stdin);
    child.once('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', code => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString(), timedOut });
    });
  });
}
