import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { readFileOrAbsent, replaceFile } from '@bot-bottle/durable-fs';
import { EgressError } from './errors.js';

/**
 * `applied.json` in the proxy's folder: what it has in force, replaced whole each time. A command that changes the live
 * config waits until `generation` has reached its own, or `refused` has.
 */
export interface Applied {
  readonly version: 1;
  /** The process that wrote this, as the bottle's lease names it. */
  readonly pid: number;
  /** Of the policy in force. */
  readonly generation: number;
  readonly revision: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What was read last and could not be taken; the policy above stays in force. Null: nothing. */
  readonly refused: { readonly message: string } | null;
}

export interface WaitOptions {
  /** Ends the wait; the promise is rejected with its reason. */
  readonly signal: AbortSignal;
  /** The process whose word counts: the bottle's keeper. What an earlier one left says nothing. */
  readonly pid: number;
}

const FILE = 'applied.json';
/** A refusal that is older than the change that one waits for is taken back within this time (milliseconds). */
const REFUSAL_STANDS_MS = 500;

/** Replaces the file. @throws DurableFsError */
export async function writeApplied(folder: string, applied: Applied): Promise<void> {
  await replaceFile(join(folder, FILE), `${JSON.stringify(applied, null, 2)}\n`, { mode: 0o644 });
}

/** What the proxy of this folder said last; null: nothing yet. @throws EgressError `bad-folder`; DurableFsError */
export function readApplied(folder: string): Applied | null {
  const file = join(folder, FILE);
  const text = readFileOrAbsent(file);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (isApplied(value)) return value;
  } catch (cause) {
    throw new EgressError('bad-folder', `${file} is no JSON`, { cause });
  }
  throw new EgressError('bad-folder', `${file} is not what a proxy of this version writes`);
}

/**
 * Resolves when the proxy has this generation, or a later one, in force; or when it refuses what it reads (`refused` says why),
 * and has stood by that for half a second. @throws the signal's reason; EgressError `bad-folder`; DurableFsError
 */
export function waitUntilApplied(folder: string, generation: number, options: WaitOptions): Promise<Applied> {
  const { signal, pid } = options;
  return new Promise((resolve, reject) => {
    let watcher: FSWatcher | undefined;
    let refused: NodeJS.Timeout | undefined;
    const settle = (act: () => void) => {
      watcher?.close();
      clearTimeout(refused);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    const look = () => {
      let applied: Applied | null;
      try {
        applied = readApplied(folder);
      } catch (error) {
        return settle(() => reject(error));
      }
      const word = applied?.pid === pid ? applied : null;
      clearTimeout(refused);
      if (word && word.generation >= generation) settle(() => resolve(word));
      else if (word?.refused) refused = setTimeout(() => settle(() => resolve(word)), REFUSAL_STANDS_MS);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      // The folder: a watch of the file would stay on the one that is replaced.
      watcher = watch(folder, (_event, name) => (name === null || name === FILE) && look());
      watcher.on('error', error => settle(() => reject(error)));
    } catch (error) {
      return settle(() => reject(error));
    }
    look();
  });
}

function isApplied(value: unknown): value is Applied {
  if (typeof value !== 'object' || value === null) return false;
  const { version, pid, generation, revision, at, refused } = value as Record<string, unknown>;
  const numbers = [pid, generation].every(part => typeof part === 'number');
  const texts = [revision, at].every(part => typeof part === 'string');
  const refusal = refused === null || (typeof refused === 'object' && 'message' in (refused ?? {}));
  return version === 1 && numbers && texts && refusal;
}
