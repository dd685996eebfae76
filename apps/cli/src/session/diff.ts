import type { BottlePaths } from '@bot-bottle/state-paths';
export interface WorkspaceChange {
  /** Relative to the workspace. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'modified';
  readonly type: 'file' | 'folder' | 'link' | 'other';
}
export interface WorkspaceDiff {
  readonly source: string;
  readonly changes: readonly WorkspaceChange[];
  /** The unified diff of text files; null where git is not installed or `patch` was not asked for. */
  readonly patch: string | null;
}
/** What a copied workspace changed against its original as it is now. Throws SessionError 'not-a-copy', 'workspace-missing'. */
export declare function diffWorkspace(
  paths: BottlePaths,
  options?: { readonly patch?: boolean },
): Promise<WorkspaceDiff>;
