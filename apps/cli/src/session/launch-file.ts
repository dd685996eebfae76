import type { Limits } from '@bot-bottle/backend';
import { DurableFsError, readFileOrAbsent, replaceFile } from '@bot-bottle/durable-fs';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import type { BackendRef } from './backend-ref.js';
import { SessionError } from './errors.js';

/** What the bottle works on. `source` is an absolute path on the host. */
export type Workspace =
  | { readonly kind: 'empty' }
  | { readonly kind: 'mount'; readonly source: string }
  | { readonly kind: 'copy'; readonly source: string };

/**
 * `launch.json`: what `resume` needs and the older tool's record does not hold. It is the last file that a start writes
 * before it launches, so a bottle that has it was complete. It holds names of variables, never their values.
 */
export interface LaunchRecord {
  readonly version: 1;
  readonly agent: AgentDefinition;
  readonly args: readonly string[];
  /** Which of the agent's `passEnv` and keys were used when it was started; absent in older files. */
  readonly passedEnv?: readonly string[];
  readonly backend: BackendRef;
  readonly workspace: Workspace;
  readonly limits: Limits;
}

const VERSION = 1;
const MAX_BYTES = 1024 * 1024;

/** Null where the bottle has none. Throws SessionError 'broken-bottle'. */
export function readLaunch(paths: BottlePaths): LaunchRecord | null {
  const value = readJson(paths.launch);
  if (value === null) {
    return null;
  }
  if (typeof value.version === 'number' && value.version > VERSION) {
    throw new SessionError(
      'broken-bottle',
      `${paths.launch} was written by a newer bot-bottle (version ${value.version}, known: ${VERSION})`,
      { remedy: 'npm install --global bot-bottle@latest' },
    );
  }
  if (!isLaunch(value)) {
    throw broken(paths.launch, 'does not hold what this version writes there');
  }
  return value;
}

export async function writeLaunch(paths: BottlePaths, launch: LaunchRecord): Promise<void> {
  await replaceFile(paths.launch, `${JSON.stringify(launch, null, 2)}\n`, { mode: 0o600 });
}

/** A JSON object of the bottle's state; null where the file is absent. Throws SessionError 'broken-bottle'. */
export function readJson(path: string): Record<string, unknown> | null {
  let text: string | null;
  try {
    text = readFileOrAbsent(path, { maxBytes: MAX_BYTES });
  } catch (error) {
    throw error instanceof DurableFsError ? broken(path, error.message, error) : error;
  }
  if (text === null) {
    return null;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(path, 'is not JSON', error);
  }
  if (!isObject(value)) {
    throw broken(path, 'is not a JSON object');
  }
  return value;
}

export function broken(path: string, what: string, cause?: unknown): SessionError {
  return new SessionError('broken-bottle', `${path} ${what}`, { cause });
}

function isLaunch(value: Record<string, unknown>): value is Record<string, unknown> & LaunchRecord {
  const { version, agent, args, passedEnv, backend, workspace, limits } = value;
  return (
    version === VERSION &&
    isObject(agent) &&
    typeof agent.name === 'string' &&
    isStrings(agent.command) &&
    agent.command.length > 0 &&
    isStrings(agent.resumeArgs) &&
    isStrings(agent.passEnv) &&
    isStrings(agent.transcript) &&
    (agent.toolPaths === undefined || isStrings(agent.toolPaths)) &&
    (agent.image === undefined || typeof agent.image === 'string') &&
    (agent.dockerfile === undefined || isDockerfile(agent.dockerfile)) &&
    (agent.allow === undefined || isStrings(agent.allow)) &&
    (agent.credentials === undefined || isCredentials(agent.credentials)) &&
    isObject(agent.setEnv) &&
    isStrings(Object.values(agent.setEnv)) &&
    isStrings(args) &&
    (passedEnv === undefined || isStrings(passedEnv)) &&
    isObject(backend) &&
    typeof backend.name === 'string' &&
    isObject(workspace) &&
    (workspace.kind === 'empty' ||
      ((workspace.kind === 'mount' || workspace.kind === 'copy') && typeof workspace.source === 'string')) &&
    isObject(limits)
  );
}

function isDockerfile(value: unknown): boolean {
  return isObject(value) && typeof value['path'] === 'string' && typeof value['context'] === 'string';
}

function isCredentials(value: unknown): boolean {
  const isText = (text: unknown, needed: boolean) =>
    typeof text === 'string' || (!needed && text === undefined);
  return (
    Array.isArray(value) &&
    value.every(
      item =>
        isObject(item) &&
        isText(item['env'], true) &&
        isText(item['host'], true) &&
        (item['placeholders'] === undefined || isStrings(item['placeholders'])) &&
        isText(item['header'], false) &&
        isText(item['baseUrlEnv'], false),
    )
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string');
}
