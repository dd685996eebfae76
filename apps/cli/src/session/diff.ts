import { lstatSync } from 'node:fs';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { compareTrees } from './compare-trees.js';
import { SessionError } from './errors.js';
import { readLaunch } from './launch-file.js';
import { countLines, type LineCount, patchOf } from './patch.js';
import type { EntryType } from './tree-side.js';

export interface WorkspaceChange {
  /** Relative to the workspace. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'modified';
  readonly type: EntryType;
  /** Only where they were asked for; null for what has no lines. */
  readonly lines?: LineCount | null;
}

export interface WorkspaceDiff {
  /** The folder that was copied. */
  readonly source: string;
  /** Files, links and the rest, each folder's before its subfolders' neighbours; a new folder is said too. */
  readonly changes: readonly WorkspaceChange[];
  /** Unified, as git writes it, without what lies in a `.git`; null where it was not asked for. */
  readonly patch: string | null;
}

/** A repository's own files are no part of what a patch says. */
const GIT_FOLDER = /(?:^|\/)\.git(?:\/|$)/;

/**
 * What a copied workspace changed against its original. The original is looked at as it is now: what the operator changed
 * there since the copy was made shows as well. Throws SessionError 'not-a-copy', 'workspace-missing', 'too-deep'.
 */
export async function diffWorkspace(
  paths: BottlePaths,
  options: { readonly patch?: boolean; readonly count?: boolean } = {},
): Promise<WorkspaceDiff> {
  const workspace = readLaunch(paths)?.workspace;
  if (workspace?.kind !== 'copy') {
    throw new SessionError(
      'not-a-copy',
      `the workspace of ${paths.identity} is no copy: there is nothing to compare`,
    );
  }
  const changes: WorkspaceChange[] = [];
  let patch = options.patch ? '' : null;
  checkThere(workspace.source);
  for (const change of compareTrees(workspace.source, paths.workspace)) {
    const { path, kind, type } = change;
    changes.push({ path, kind, type, ...(options.count ? { lines: countLines(change) } : {}) });
    if (patch !== null && (type === 'file' || type === 'link') && !GIT_FOLDER.test(path)) {
      patch += patchOf(change);
    }
  }
  return { source: workspace.source, changes, patch };
}

function checkThere(source: string): void {
  if (!lstatSync(source, { throwIfNoEntry: false })?.isDirectory()) {
    throw new SessionError('workspace-missing', `the folder ${source} that was copied is not there`);
  }
}
