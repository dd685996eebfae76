// One transcript folder, or file, copied out of a place that may be hostile: whole, or not at all.
import { lstatSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  copyTree,
  createFile,
  DurableFsError,
  readBytesOrAbsent,
  type TreeReport,
} from '@bot-bottle/durable-fs';
import { errorCode, type Folder } from './folder.js';
import { inParentOf } from './transcript-folders.js';

/** A file is read in one piece. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** What may still be copied, and what was. */
export interface Tally {
  maxBytes: number;
  maxEntries: number;
  report: TreeReport;
}

/**
 * Copies what `relative` names below `from` to the path `to`, which must be free, in a folder that is ours alone.
 * False where nothing is there, and where what is there is not taken: `tally` says why.
 */
export async function copyPart(from: string, relative: string, to: string, tally: Tally): Promise<boolean> {
  try {
    const copied = await inParentOf(from, relative, parent =>
      copyEntry(parent, basename(relative), to, tally),
    );
    if (copied === null) return false;
    const { report } = tally;
    report.entries += copied.entries;
    report.bytes += copied.bytes;
    for (const { path, reason } of copied.left)
      report.left.push({ path: join(from, relative, path), reason });
    return true;
  } catch (error) {
    const reason = whyNotTaken(error);
    if (reason === null) throw error;
    tally.report.left.push({ path: join(from, relative), reason });
    return false;
  }
}

/** The paths in the report's `left` are seen from the entry itself. */
async function copyEntry(parent: Folder, name: string, to: string, tally: Tally): Promise<TreeReport | null> {
  const path = parent.child(name);
  const found = lstatSync(path, { throwIfNoEntry: false });
  const maxBytes = tally.maxBytes - tally.report.bytes;
  const maxEntries = tally.maxEntries - tally.report.entries;
  if (found?.isFile()) {
    if (maxEntries < 1) throw new DurableFsError('too-large', path, 'no more entries are allowed');
    const bytes = readBytesOrAbsent(path, { maxBytes: Math.min(maxBytes, MAX_FILE_BYTES) });
    if (bytes === null) return null;
    await createFile(to, bytes, { mode: found.mode & 0o777 });
    return { entries: 1, bytes: bytes.length, left: [] };
  }
  if (found === undefined) return null;
  const report = await copyTree(path, to, { maxBytes, maxEntries, links: 'skip' });
  return { ...report, left: report.left.map(left => ({ ...left, path: left.path.slice(path.length + 1) })) };
}

/** What the source is to blame for; null for what the disk is, which ends the whole copy. */
function whyNotTaken(error: unknown): string | null {
  const code = error instanceof DurableFsError && error.code === 'io' ? error.errno : errorCode(error);
  switch (code) {
    case 'not-a-folder':
    case 'not-a-file':
    case 'ENOTDIR':
    case 'ELOOP':
      return 'a link, or neither a file nor a folder';
    case 'too-large':
      return 'too large';
    case 'changed':
      return 'changed';
    case 'EACCES':
    case 'EPERM':
      return code;
    default:
      return null;
  }
}
