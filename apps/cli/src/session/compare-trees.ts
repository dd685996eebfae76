import { closeSync, readSync } from 'node:fs';
import { SessionError } from './errors.js';
import {
  type Entry,
  type EntryType,
  linkTarget,
  listEntries,
  openFile,
  openFolder,
  openTop,
} from './tree-side.js';

export interface Change {
  /** Relative to the two tops. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'modified';
  /** What it is now, or was where it is gone. */
  readonly type: EntryType;
  /** Null on the side that has none. Valid until the next change is asked for. */
  readonly before: Entry | null;
  readonly after: Entry | null;
}

/** A folder is held open on each side for every level, so a tree that only an attack makes is refused. */
const MAX_DEPTH = 400;
const CHUNK = 64 * 1024;

/**
 * What differs between two trees, in order of the names' bytes. Works from handles and follows no link, for the agent may
 * change its tree meanwhile. Contents are compared, since an agent can set any time it likes. Of the attributes only the
 * execute bit counts, as in git. FIFOs, sockets and devices of `before` are passed over: a copy leaves them out.
 */
export function* compareTrees(before: string, after: string): Generator<Change> {
  const handles = [openTop(before)];
  try {
    handles.push(openTop(after));
    yield* compareFolders(handles[0] ?? null, handles[1] ?? null, '', 0);
  } finally {
    for (const handle of handles) {
      closeSync(handle);
    }
  }
}

function* compareFolders(
  before: number | null,
  after: number | null,
  path: string,
  depth: number,
): Generator<Change> {
  if (depth > MAX_DEPTH) {
    throw new SessionError(
      'too-deep',
      `the workspace is more than ${MAX_DEPTH} folders deep at ${path.slice(0, 80)}...`,
    );
  }
  const old = before === null ? [] : listEntries(before).filter(({ type }) => type !== 'other');
  const now = after === null ? [] : listEntries(after);
  for (const [left, right] of pairs(old, now)) {
    const name = (left ?? right)?.name.toString() ?? '';
    yield* compareEntries(left, right, path === '' ? name : `${path}/${name}`, depth);
  }
}

function* compareEntries(
  before: Entry | null,
  after: Entry | null,
  path: string,
  depth: number,
): Generator<Change> {
  const bothFolders = before?.type === 'folder' && after?.type === 'folder';
  if (before !== null && after !== null && before.type !== after.type) {
    yield* compareEntries(before, null, path, depth);
    yield* compareEntries(null, after, path, depth);
    return;
  }
  if (!bothFolders && isChanged(before, after)) {
    const kind = before === null ? 'added' : after === null ? 'removed' : 'modified';
    yield { path, kind, type: (after ?? before)?.type ?? 'other', before, after };
  }
  const inBefore = before?.type === 'folder' ? openFolder(before) : null;
  try {
    const inAfter = after?.type === 'folder' ? openFolder(after) : null;
    try {
      if (inBefore !== null || inAfter !== null) {
        yield* compareFolders(inBefore, inAfter, path, depth + 1);
      }
    } finally {
      if (inAfter !== null) closeSync(inAfter);
    }
  } finally {
    if (inBefore !== null) closeSync(inBefore);
  }
}

function isChanged(before: Entry | null, after: Entry | null): boolean {
  if (before === null || after === null) {
    return true;
  }
  switch (after.type) {
    case 'link':
      return linkTarget(before)?.equals(linkTarget(after) ?? Buffer.alloc(0)) !== true;
    case 'file':
      return isExecutable(before) !== isExecutable(after) || !haveSameContent(before, after);
    default:
      return false;
  }
}

export function isExecutable({ stats }: Entry): boolean {
  return (stats.mode & 0o111) !== 0;
}

function haveSameContent(before: Entry, after: Entry): boolean {
  if (before.stats.size !== after.stats.size) {
    return false;
  }
  const one = openFile(before);
  const other = openFile(after);
  try {
    if (one === null || other === null) {
      return false;
    }
    const buffers = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)] as const;
    for (let at = 0; ; at += CHUNK) {
      const length = readSync(one, buffers[0], 0, CHUNK, at);
      if (length !== readSync(other, buffers[1], 0, CHUNK, at)) return false;
      if (!buffers[0].subarray(0, length).equals(buffers[1].subarray(0, length))) return false;
      if (length < CHUNK) return true;
    }
  } finally {
    if (one !== null) closeSync(one);
    if (other !== null) closeSync(other);
  }
}

/** Two ordered lists as one: what has the same name stands together. */
function* pairs(before: readonly Entry[], after: readonly Entry[]): Generator<[Entry | null, Entry | null]> {
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const old = before[left] ?? null;
    const now = after[right] ?? null;
    const order = old === null ? 1 : now === null ? -1 : Buffer.compare(old.name, now.name);
    if (order <= 0) left += 1;
    if (order >= 0) right += 1;
    yield [order <= 0 ? old : null, order >= 0 ? now : null];
  }
}
