import { formatPatch, type StructuredPatch, structuredPatch } from 'diff';
import { type Change, isExecutable } from './compare-trees.js';
import { type Entry, linkTarget, readWhole } from './tree-side.js';

/** Bytes up to which a file's lines are compared. */
const MAX_TEXT = 1024 * 1024;
/** Milliseconds for one file: two texts can be made so that comparing them takes minutes. */
const TIMEOUT_MS = 2_000;

/** One change as git writes it, so that `git apply` takes it. Made here and not by git, which a hostile tree could configure. */
export function patchOf(change: Change): string {
  const { path, kind } = change;
  const lines = compareLines(change);
  const { index: _, ...patch } = lines ?? { oldFileName: `a/${path}`, newFileName: `b/${path}`, hunks: [] };
  const header = formatPatch({
    ...patch,
    oldHeader: undefined,
    newHeader: undefined,
    oldFileName: kind === 'added' && patch.hunks.length > 0 ? '/dev/null' : `a/${path}`,
    newFileName: kind === 'removed' && patch.hunks.length > 0 ? '/dev/null' : `b/${path}`,
    isGit: true,
    ...(kind === 'added' && change.after ? { isCreate: true, newMode: modeOf(change.after) } : {}),
    ...(kind === 'removed' && change.before ? { isDelete: true, oldMode: modeOf(change.before) } : {}),
    ...modeChange(change),
  });
  return lines === undefined ? `${header.trimEnd()}\nBinary files differ\n` : header;
}

export interface LineCount {
  readonly added: number;
  readonly removed: number;
}

/** How many lines came and went; null for what has no lines to count. */
export function countLines(change: Change): LineCount | null {
  const hunks = compareLines(change)?.hunks;
  if (hunks === undefined) {
    return null;
  }
  const lines = hunks.flatMap(hunk => hunk.lines);
  const count = (mark: string): number => lines.filter(line => line.startsWith(mark)).length;
  return { added: count('+'), removed: count('-') };
}

/** Undefined for what is no text, is too large, or takes too long. */
function compareLines({ path, before, after }: Change): StructuredPatch | undefined {
  const [left, right] = [textOf(before), textOf(after)];
  if (left === null || right === null) {
    return undefined;
  }
  return structuredPatch(`a/${path}`, `b/${path}`, left, right, undefined, undefined, {
    context: 3,
    timeout: TIMEOUT_MS,
  });
}

function modeChange({ before, after }: Change): { oldMode?: string; newMode?: string } {
  if (before === null || after === null || modeOf(before) === modeOf(after)) {
    return {};
  }
  return { oldMode: modeOf(before), newMode: modeOf(after) };
}

/** The modes that git knows (gitformat-index(5)). */
function modeOf(entry: Entry): string {
  return entry.type === 'link' ? '120000' : isExecutable(entry) ? '100755' : '100644';
}

/** "" for a side that has none; null for what has no lines to show. */
function textOf(entry: Entry | null): string | null {
  if (entry === null) {
    return '';
  }
  const bytes =
    entry.type === 'link' ? linkTarget(entry) : entry.type === 'file' ? readWhole(entry, MAX_TEXT) : null;
  if (bytes === null || bytes.includes(0)) {
    return null;
  }
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : null;
}
