import { spawn } from 'node:child_process';

export interface ProgramOptions {
  cwd: string;
  env?: NodeJS.ProcessEnv;
}

/**
 * Runs a program that must succeed, and gives what it printed. Never blocks: the registry may run in this process's child.
 * @throws Error with the whole output
 */
export async function succeed(
  [file = '', ...args]: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  const { status, output, stdout } = await attempt([file, ...args], options);
  if (status !== 0) throw new Error(`"${[file, ...args].join(' ')}" ended with ${status}:\n${output}`);
  return stdout;
}

export interface Attempt {
  /** The exit code, or the signal that ended it. */
  status: number | string;
  stdout: string;
  /** Both streams, as they came. */
  output: string;
}

/** The same for a program that may fail. */
export function attempt(
  [file = '', ...args]: readonly string[],
  { cwd, env }: ProgramOptions,
): Promise<Attempt> {
  const child = spawn(file, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ status: code ?? signal ?? 'nothing', stdout, output }));
  });
}
