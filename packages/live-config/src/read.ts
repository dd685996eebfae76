import { createHash } from 'node:crypto';
import { type AllowlistEntry, parseAllowlist } from './allowlist.js';
import { LiveConfigError } from './errors.js';
import { digest } from './generation.js';
import type { LiveConfigPaths } from './paths.js';
import { parseRoutes, type Route } from './routes.js';
import { readSnapshot, type Snapshot } from './snapshot.js';

/** One whole policy: both files as they were together. */
export interface LiveConfig {
  /** Counts the writes, from 1; 0: nothing was written yet, or by the older tool alone. */
  readonly generation: number;
  /** Two reads with one revision hold the same policy, byte for byte; opaque. */
  readonly revision: string;
  /** A file is there that this generation did not write: somebody changed it by hand. The next write makes it a generation. */
  readonly edited: boolean;
  /** Null: no file, nothing was ever passed, and nobody is allowed either. Empty: nobody was said. */
  readonly allowlist: readonly AllowlistEntry[] | null;
  /** Null: no file. Empty: no host is narrowed or given a credential. */
  readonly routes: readonly Route[] | null;
  /** The two files as they are, comments included; null: no file. */
  readonly text: { readonly allowlist: string | null; readonly routes: string | null };
}

/**
 * The present policy. Needs no lock and no more than a read-only mount of the folder, also after a writer was killed; an absent
 * folder reads as one without files.
 * @throws LiveConfigError `bad-allowlist` or `bad-routes` with line and column, `bad-generation`, `unsettled`; DurableFsError
 */
export function readLiveConfig(paths: LiveConfigPaths): LiveConfig {
  return parseSnapshot(paths, readSnapshot(paths));
}

/** Which policy a snapshot is. */
export function revisionOf({ generation, allowlist, routes }: Snapshot): string {
  return `${generation}-${createHash('sha256')
    .update(`${digest(allowlist)} ${digest(routes)}`)
    .digest('hex')}`;
}

export function parseSnapshot(paths: LiveConfigPaths, snapshot: Snapshot): LiveConfig {
  const text = {
    allowlist: decode(snapshot.allowlist, 'bad-allowlist', paths.allowlist),
    routes: decode(snapshot.routes, 'bad-routes', paths.routes),
  };
  return {
    generation: snapshot.generation,
    revision: revisionOf(snapshot),
    edited: !snapshot.vouched && (text.allowlist !== null || text.routes !== null || snapshot.generation > 0),
    allowlist: text.allowlist === null ? null : parseAllowlist(text.allowlist, { source: paths.allowlist }),
    routes: text.routes === null ? null : parseRoutes(text.routes, { source: paths.routes }),
    text,
  };
}

function decode(
  bytes: Uint8Array | null,
  code: 'bad-allowlist' | 'bad-routes',
  source: string,
): string | null {
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const before = new TextDecoder('utf-8').decode(bytes).split('\ufffd', 1)[0] ?? '';
    const lines = before.split('\n');
    const [line, column] = [lines.length, (lines.at(-1)?.length ?? 0) + 1];
    throw new LiveConfigError(code, [{ line, column, message: 'is not UTF-8' }], { source, cause });
  }
}
