import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Credential } from '@bot-bottle/live-config';
import { EgressError } from './errors.js';

/** Where credentials come from: this machine, never the bottle. */
export interface CredentialSources {
  /** Where `env` credentials are, and what commands run with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds that a command may take; default 30,000: a password manager may have to ask its owner. */
  readonly commandMs?: number;
}

/** Longer than any token; few servers take a longer header. */
const MAX_BYTES = 8 * 1024;
/** RFC 9110, section 5.5, without what is obsolete there. A value with a line break would begin a header of its own. */
const FIELD_VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * Fetches a credential, without the white space around it.
 * @throws EgressError 'credential-unavailable', which names where it should come from and never holds the value.
 */
export async function fetchCredential(credential: Credential, sources: CredentialSources): Promise<string> {
  const { text, from } = await read(credential, sources);
  const value = text.trim();
  if (value === '') throw unavailable(`${from} is empty`);
  if (!FIELD_VALUE.test(value)) {
    throw unavailable(`${from} is no header value: a line break, or a character beyond ASCII, stands in it`);
  }
  return value;
}

async function read(credential: Credential, { env, commandMs = 30_000 }: CredentialSources) {
  if (credential.env !== undefined) {
    const from = `the variable ${credential.env}`;
    const text = env[credential.env];
    if (text === undefined) throw unavailable(`${from} is not set where bot-bottle was started`);
    return { text, from };
  }
  if (credential.file !== undefined) {
    return { text: await readSecret(credential.file), from: `the file ${credential.file}` };
  }
  const [program = '', ...args] = credential.command;
  // Not the arguments: one of them could be a secret.
  return { text: await printedBy(program, args, env, commandMs), from: `what the command ${program} prints` };
}

/** Links are followed: the operator named the file, and secrets are often mounted as links. */
async function readSecret(path: string): Promise<string> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      if (!(await file.stat()).isFile()) throw unavailable(`the file ${path} is not a regular file`);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
      if (bytesRead > MAX_BYTES) throw unavailable(`the file ${path} has more than ${MAX_BYTES} bytes`);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof EgressError) throw cause;
    throw unavailable(`the file ${path} cannot be read (${codeOf(cause)})`);
  }
}

/** Its standard error is not read: what goes wrong there could repeat the secret. */
function printedBy(
  program: string,
  args: string[],
  env: CredentialSources['env'],
  ms: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      env: { ...env },
      shell: false,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true, // a process group of its own, which the kill below ends whole
    });
    const fail = (why: string) => {
      clearTimeout(timer);
      child.stdout.destroy();
      reject(unavailable(`the command ${program} ${why}`));
    };
    const kill = (why: string) => {
      fail(why);
      killGroup(child.pid);
    };
    const timer = setTimeout(() => kill(`took longer than ${ms} ms`), ms);
    const chunks: Buffer[] = [];
    let bytes = 0;
    child.on('error', cause => fail(`cannot be run (${codeOf(cause)})`));
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) kill(`printed more than ${MAX_BYTES} bytes`);
    });
    child.on('close', (status, signal) => {
      if (status !== 0) return fail(`failed (${signal ?? `exit ${status}`})`);
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended, which is what was wanted.
  }
}

function unavailable(what: string): EgressError {
  return new EgressError('credential-unavailable', `the credential cannot be had: ${what}`);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error
    ? String(error.code)
    : 'unknown error';
}
