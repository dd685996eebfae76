import { readBytesOrAbsent } from '@bot-bottle/durable-fs';
import { MAX_ALLOWLIST_BYTES } from './allowlist.js';
import { LiveConfigError } from './errors.js';
import { decodeGeneration, decodeUndo, digest, type Generation, type Undo } from './generation.js';
import { type LiveConfigPaths, PARTS, type Part, undoPath } from './paths.js';
import { MAX_ROUTES_BYTES } from './routes.js';

const MAX_GENERATION_BYTES = 1 << 12;
const MAX_UNDO_BYTES = 4 << 20;
const ATTEMPTS = 100;

export interface Pair {
  readonly allowlist: Uint8Array | null;
  readonly routes: Uint8Array | null;
}

/** One whole policy, as bytes. */
export interface Snapshot extends Pair {
  /** 0 without generation.json. */
  readonly generation: number;
  /** The two files are those that generation.json vouches for. */
  readonly vouched: boolean;
}

/** What lies in the folder at one moment, between two writes of generation.json. */
interface Sight {
  readonly files: Pair;
  /** Null: no generation.json. */
  readonly recorded: Generation | null;
  /** The undo record of a write that is going on or was cut short; null: there is none. */
  readonly undo: Undo | null;
}

/**
 * The present policy, whole. An undo record of the same generation tells a write that is going on, or that was cut short: what the writer
 * put there is undone. Without one the files are taken as they are: those of generation.json, or what somebody made of them by
 * hand (an editor, an older tool). No lock is needed, nor to know who holds one.
 * @throws LiveConfigError `unsettled`, `bad-generation`; DurableFsError
 */
export function readSnapshot(paths: LiveConfigPaths): Snapshot {
  const { files, recorded, undo } = see(paths);
  const pair = undo
    ? { allowlist: undone(files, undo, 'allowlist'), routes: undone(files, undo, 'routes') }
    : files;
  const vouched = recorded !== null && PARTS.every(part => digest(pair[part]) === recorded[part]);
  return { ...pair, generation: recorded?.generation ?? 0, vouched };
}

/** The undo record that a writer left when it was cut short; null: there is none. To be asked under the claim. */
export function pendingUndo(paths: LiveConfigPaths): { readonly undo: Undo; readonly files: Pair } | null {
  const { files, undo } = see(paths);
  return undo && { undo, files };
}

/** A file as it was before a writer put its own there; one that somebody else changed since stays. */
export function undone(files: Pair, { before, after }: Undo, part: Part): Uint8Array | null {
  return digest(files[part]) === after[part] ? before[part] : files[part];
}

/**
 * The order is what makes it sound: a writer puts undo.json there before the files and takes it away after generation.json. So a
 * reader that saw some of the files and then neither undo.json nor another generation.json saw no writer's files.
 */
function see(paths: LiveConfigPaths): Sight {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const text = readText(paths.generation, MAX_GENERATION_BYTES);
    const files = {
      allowlist: readBytesOrAbsent(paths.allowlist, { maxBytes: MAX_ALLOWLIST_BYTES }),
      routes: readBytesOrAbsent(paths.routes, { maxBytes: MAX_ROUTES_BYTES }),
    };
    const undoText = readText(undoPath(paths), MAX_UNDO_BYTES);
    if (readText(paths.generation, MAX_GENERATION_BYTES) !== text) continue;
    const recorded = text === null ? null : decodeGeneration(text, paths.generation);
    const undo = undoText === null ? null : decodeUndo(undoText);
    return { files, recorded, undo: undo?.generation === (recorded?.generation ?? 0) ? undo : null };
  }
  throw new LiveConfigError(
    'unsettled',
    `${paths.liveConfig} was written anew during each of ${ATTEMPTS} reads`,
    {
      source: paths.liveConfig,
    },
  );
}

/** A record of ours; bytes that are not UTF-8 show when it is decoded. */
function readText(path: string, maxBytes: number): string | null {
  const bytes = readBytesOrAbsent(path, { maxBytes });
  return bytes && Buffer.from(bytes).toString();
}
