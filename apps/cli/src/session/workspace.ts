import { realpathSync, statSync } from 'node:fs';
import { copyTree, ensureFolder, type LeftEntry } from '@bot-bottle/durable-fs';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { codeOf, messageOf } from '../thrown.js';
import { SessionError } from './errors.js';
import type { Workspace } from './launch-file.js';
import { isWithin } from './within.js';

/**
 * Resolves and checks the folder to mount or to copy. The state root must lie outside of it: a mount would hand every
 * bottle's marker and record to the agent. Throws SessionError 'workspace-missing', 'workspace-refused'.
 */
export function checkWorkspace(root: string, workspace: Workspace): Workspace {
  if (workspace.kind === 'empty') {
    return workspace;
  }
  const verb = workspace.kind;
  let source: string;
  try {
    source = realpathSync(workspace.source);
  } catch (cause) {
    const absent = codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR';
    const fact = absent
      ? `there is no folder ${workspace.source}`
      : `${workspace.source} cannot be reached (${messageOf(cause)})`;
    throw new SessionError('workspace-missing', `${fact}; expected one to ${verb}`, { cause });
  }
  if (!statSync(source).isDirectory()) {
    throw new SessionError(
      'workspace-missing',
      `${workspace.source} is not a folder; expected one to ${verb}`,
    );
  }
  const state = realpathSync(root);
  if (isWithin(state, source) || isWithin(source, state)) {
    throw new SessionError(
      'workspace-refused',
      `${source} holds the state of bottles (${state}), or lies in it; expected a folder to ${verb} that has nothing to do with it`,
    );
  }
  return { kind: workspace.kind, source };
}

/** Makes the folder that the agent works in, where it is not the operator's own; returns what a copy left out. */
export async function makeWorkspace(
  paths: BottlePaths,
  workspace: Workspace,
  onEntry: () => void,
): Promise<readonly LeftEntry[]> {
  switch (workspace.kind) {
    case 'mount':
      return [];
    case 'empty':
      ensureFolder(paths.workspace, { mode: 0o755 });
      return [];
    case 'copy':
      return (await copyTree(workspace.source, paths.workspace, { onEntry })).left;
  }
}
