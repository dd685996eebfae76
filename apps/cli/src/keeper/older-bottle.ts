import { isAbsolute } from 'node:path';
import type { Limits } from '@bot-bottle/backend';
import type { LeftEntry } from '@bot-bottle/durable-fs';
import { writeLiveConfig } from '@bot-bottle/live-config';
import type { BottleRecord } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import { grantsOf } from '../agents/grants.js';
import type { BackendRef } from '../session/backend-ref.js';
import { SessionError } from '../session/errors.js';
import { isThere } from '../session/is-there.js';
import { type LaunchRecord, type Workspace, writeLaunch } from '../session/launch-file.js';
import { checkWorkspace, makeWorkspace } from '../session/workspace.js';

/** What the older tool's record does not say of a launch, as the operator has it now. */
export interface OlderLaunch {
  readonly agent: AgentDefinition;
  readonly limits: Limits;
}

export interface Completed {
  readonly launch: LaunchRecord;
  /** What was made now, as a start makes it. */
  readonly made: { readonly workspace: boolean; readonly liveConfig: boolean };
  readonly left: readonly LeftEntry[];
}

/**
 * Makes of the older tool's bottle what a start would have made of it: the copy of its folder and a live config, where there is
 * none; `launch.json` last, so that a kill before it leaves the older tool's bottle as it was. Under the lease.
 * Throws SessionError 'workspace-missing', 'workspace-refused'; LiveConfigError.
 */
export async function completeOlder(
  paths: BottlePaths,
  record: BottleRecord,
  backend: BackendRef,
  { agent, limits }: OlderLaunch,
  options: { readonly allowMissingWorkspace: boolean },
): Promise<Completed> {
  const workspace = workspaceOf(record);
  const liveConfig = !isThere(paths.liveConfig);
  const copy = workspace.kind === 'copy' && !isThere(paths.workspace);
  const original = copy ? originalOf(paths, workspace, options) : null;
  if (liveConfig) {
    const { allow, routes } = grantsOf(agent, process.env);
    await writeLiveConfig(paths, { allowlist: [...allow], routes: [...routes] });
  }
  const left = original === null ? [] : await makeWorkspace(paths, original, () => {});
  const launch: LaunchRecord = {
    version: 1,
    agent,
    args: record.args,
    passedEnv: [],
    backend,
    workspace,
    limits,
  };
  await writeLaunch(paths, launch);
  return { launch, made: { workspace: original !== null, liveConfig }, left };
}

function workspaceOf({ cwd, copyCwd, identity }: BottleRecord): Workspace {
  if (cwd === '') return { kind: 'empty' };
  if (!isAbsolute(cwd)) {
    throw new SessionError(
      'workspace-missing',
      `the record of ${identity} has the folder ${cwd}; expected an absolute path`,
    );
  }
  return { kind: copyCwd ? 'copy' : 'mount', source: cwd };
}

function originalOf(
  { root, identity }: BottlePaths,
  workspace: Workspace,
  { allowMissingWorkspace }: { readonly allowMissingWorkspace: boolean },
): Workspace | null {
  try {
    return checkWorkspace(root, workspace);
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== 'workspace-missing') throw error;
    if (allowMissingWorkspace) return null;
    const remedy = `bot-bottle resume ${identity} --without-workspace`;
    throw new SessionError('workspace-missing', error.message, { cause: error, remedy });
  }
}
