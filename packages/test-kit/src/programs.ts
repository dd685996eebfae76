/** Test programs: modules in source form that run in processes of their own, so that they can be killed or traced. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

/** What a process leaves behind. */
export interface Outcome {
  status: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Seconds until it is killed. Default 60. */
  timeout?: number;
}

/** Looked up on the file system by the program just before and just after its operation, so that a trace shows both. */
export const BEGIN = '/bot-bottle-test:begin';
export const END = '/bot-bottle-test:end';

const RUNNER = `import { accessSync } from 'node:fs';
const mark = path => { try { accessSync(path); } catch {} };
const { default: operation } = await import(process.argv[2]);
mark(${JSON.stringify(BEGIN)});
try {
  const result = await operation(...process.argv.slice(3));
  mark(${JSON.stringify(END)});
  if (result !== undefined) console.log(JSON.stringify(result));
} catch (error) {
  mark(${JSON.stringify(END)});
  const { name, code, errno, path, message } = error;
  console.error(JSON.stringify({ name, code, errno, path, message }));
  process.exitCode = 1;
}
`;

let folder: string | null = null;
let count = 0;

/**
 * The command that runs a program: the source of an ES module whose default export is the operation, called with
 * `args`. Its result goes to standard output as JSON; a failure goes to standard error as JSON, with exit status 1.
 */
export function program(source: string, args: readonly string[] = []): string[] {
  if (folder === null) {
    folder = temporaryFolder();
    writeFileSync(join(folder, 'runner.mjs'), RUNNER);
  }
  count += 1;
  const file = join(folder, `program-${count}.mjs`);
  writeFileSync(file, source);
  return [process.execPath, join(folder, 'runner.mjs'), file, ...args];
}

/** Runs a command and waits for it. */
export function run([file = '', ...args]: readonly string[], options: RunOptions = {}): Outcome {
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, {
    ...spawnOptions(options),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    killSignal: 'SIGKILL',
  });
  if (error && status === null && signal === null) throw error;
  return { status, signal, stdout, stderr };
}

/** Runs a command without blocking. */
export async function runAsync(
  [file = '', ...args]: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(file, args, {
    ...spawnOptions(options),
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}

/** Runs a program in many processes at once, each with its number (0, 1, …) as the first argument. */
export function runParallel(
  processes: number,
  source: string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<Outcome[]> {
  const commands = Array.from({ length: processes }, (_, number) =>
    program(source, [String(number), ...args]),
  );
  return Promise.all(commands.map(command => runAsync(command, options)));
}

function spawnOptions({ cwd, env, timeout = 60 }: RunOptions) {
  return {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    timeout: timeout * 1000,
  };
}
