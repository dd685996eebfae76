import { existsSync } from 'node:fs';
import {
  acquireClaim,
  ensureFolder,
  removeFile,
  replaceFile,
  sweepTemporaries,
} from '@bot-bottle/durable-fs';
import { type AllowlistEntry, formatAllowlist, parseAllowlist } from './allowlist.js';
import { LiveConfigError } from './errors.js';
import { digest, encodeGeneration, encodeUndo } from './generation.js';
import { claimPath, type LiveConfigPaths, PARTS, undoPath } from './paths.js';
import { revisionOf } from './read.js';
import { formatRoutes, parseRoutes, type Route } from './routes.js';
import { type Pair, pendingUndo, readSnapshot, undone } from './snapshot.js';

const DEFAULT_WAIT_MS = 10_000;

/** What to write. Text is kept as it is, comments included; values are formatted. */
export interface LiveConfigChange {
  /** Undefined or an empty string: the file stays as it is. An empty list, or a text without entries: nobody is allowed. */
  readonly allowlist?: string | readonly AllowlistEntry[] | undefined;
  /** Undefined or an empty string: the file stays as it is. An empty list: no host is narrowed or given a credential. */
  readonly routes?: string | readonly Route[] | undefined;
}

export interface WriteOptions {
  /** Write only if the present policy has this revision; undefined: whatever is there. */
  readonly expectRevision?: string | undefined;
  /** How long to wait for another writer: milliseconds, or a signal that ends it; undefined: 10 seconds. */
  readonly wait?: number | AbortSignal | undefined;
}

/**
 * Writes either file or both, as one generation: a reader sees the old pair or the new one. When it fails, or is killed before
 * generation.json is in place, the old pair stays in force. First finishes what a killed writer left, and takes files that were changed
 * by hand into the generation; with nothing to write it does just that. What is there already is not written again.
 * @throws LiveConfigError `bad-allowlist`, `bad-routes` (nothing was written), `revision-moved`, `bad-generation`; DurableFsError
 */
export async function writeLiveConfig(
  paths: LiveConfigPaths,
  change: LiveConfigChange,
  options: WriteOptions = {},
): Promise<{ generation: number }> {
  const next = { allowlist: allowlistBytes(change.allowlist), routes: routesBytes(change.routes) };
  ensureFolder(paths.liveConfig, { mode: 0o755 });
  const claim = await acquireClaim(claimPath(paths), { wait: options.wait ?? DEFAULT_WAIT_MS });
  try {
    await finishUndo(paths);
    await sweepTemporaries(paths.liveConfig);
    return { generation: await writePair(paths, next, options.expectRevision) };
  } finally {
    await claim.release();
  }
}

async function writePair(
  paths: LiveConfigPaths,
  next: { allowlist: Uint8Array | undefined; routes: Uint8Array | undefined },
  expectRevision: string | undefined,
): Promise<number> {
  const base = readSnapshot(paths);
  if (expectRevision !== undefined && revisionOf(base) !== expectRevision) {
    throw new LiveConfigError('revision-moved', `${paths.liveConfig} was changed since it was read`, {
      source: paths.liveConfig,
    });
  }
  const pair: Pair = { allowlist: next.allowlist ?? base.allowlist, routes: next.routes ?? base.routes };
  const digests = { allowlist: digest(pair.allowlist), routes: digest(pair.routes) };
  const changed = PARTS.filter(part => digests[part] !== digest(base[part]));
  const nothingThere = pair.allowlist === null && pair.routes === null;
  if (changed.length === 0 && (base.vouched || nothingThere)) return base.generation;

  const generation = base.generation + 1;
  try {
    await replaceFile(
      undoPath(paths),
      encodeUndo({ generation: base.generation, before: base, after: digests }),
      { mode: 0o644 },
    );
    for (const part of changed) await replaceFile(paths[part], pair[part] ?? '', { mode: 0o644 });
    await replaceFile(paths.generation, encodeGeneration({ generation, ...digests }), { mode: 0o644 });
  } catch (error) {
    // Where this fails too, the undo record stays: readers honour it, and the next writer finishes it.
    await finishUndo(paths).catch(() => undefined);
    throw error;
  }
  // It counts no more, as its generation has passed; the next writer replaces one that cannot be removed now.
  await removeFile(undoPath(paths)).catch(() => undefined);
  return generation;
}

/** Takes back what a writer that was cut short put there, and removes its record, or one that counts no more. */
async function finishUndo(paths: LiveConfigPaths): Promise<void> {
  const pending = pendingUndo(paths);
  if (pending) {
    for (const part of PARTS) {
      const bytes = undone(pending.files, pending.undo, part);
      if (digest(bytes) === digest(pending.files[part])) continue;
      if (bytes === null) await removeFile(paths[part]);
      else await replaceFile(paths[part], bytes);
    }
  }
  if (existsSync(undoPath(paths))) await removeFile(undoPath(paths));
}

function allowlistBytes(value: LiveConfigChange['allowlist']): Uint8Array | undefined {
  if (value === undefined || value === '') return undefined;
  const text = typeof value === 'string' ? value : formatAllowlist(value);
  parseAllowlist(text);
  return Buffer.from(text);
}

function routesBytes(value: LiveConfigChange['routes']): Uint8Array | undefined {
  if (value === undefined || value === '') return undefined;
  const text = typeof value === 'string' ? value : formatRoutes(value);
  parseRoutes(text);
  return Buffer.from(text);
}
