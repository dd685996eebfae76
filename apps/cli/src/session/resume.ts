import type { Limits } from '@bot-bottle/backend';
import type { Identity } from '@bot-bottle/identity';
import { effectiveBackend, readRecord } from '@bot-bottle/metadata';
import { type BottlePaths, bottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import type { OlderLaunch } from '../keeper/older-bottle.js';
import { DEFAULT_SIZE, type OnProgress, spawnKeeper } from '../keeper/spawn.js';
import type { FindBackend } from './backend-ref.js';
import { SessionError } from './errors.js';
import type { ResumeReport } from './resume-report.js';
import { terminalSize } from './terminal-size.js';

export interface ResumeOptions {
  readonly backends: FindBackend;
  /** Resume with an empty workspace where the mounted folder is gone; by default an error. */
  readonly allowMissingWorkspace?: boolean;
  /** Take the place of those that were recorded. */
  readonly limits?: Limits;
  /** What the record of an older tool's bottle leaves open. Absent: it is not one. */
  readonly older?: OlderLaunch;
  /** Keep the state when the session ends, too. Default false. */
  readonly preserve?: boolean;
  /** Takes what the build of its image says, where there is one to build. */
  readonly onProgress: OnProgress;
}

export interface ResumedBottle {
  readonly identity: Identity;
  readonly paths: BottlePaths;
  readonly report: ResumeReport;
}

/**
 * Resumes a bottle that is preserved or dead, on the backend of its record; returns when its agent runs. Throws
 * SessionError; a bottle that could not be resumed is as it was.
 */
export async function resumeBottle(
  context: Context,
  identity: Identity,
  options: ResumeOptions,
): Promise<ResumedBottle> {
  const paths = bottlePaths(context.root, identity);
  const record = readRecord(paths);
  if (record === null) {
    throw new SessionError('no-such-bottle', `there is no record of ${identity} in ${paths.folder}`);
  }
  const name = effectiveBackend(record);
  const backend = options.backends(name);
  if (backend === undefined) {
    throw new SessionError(
      'backend-missing',
      `${identity} belongs to the backend "${name}", which is not installed: @bot-bottle/backend-${name} provides it`,
    );
  }
  const { report } = await spawnKeeper(
    context,
    {
      kind: 'resume',
      root: context.root,
      size: terminalSize(context) ?? DEFAULT_SIZE,
      now: context.now().toISOString(),
      preserve: options.preserve ?? false,
      identity,
      backend: { name: backend.name, ...(backend.module === undefined ? {} : { module: backend.module }) },
      allowMissingWorkspace: options.allowMissingWorkspace ?? false,
      limits: options.limits ?? null,
      older: options.older ?? null,
    },
    options.onProgress,
  );
  if (report === null) {
    throw new SessionError('start-failed', 'the keeper did not say what came back');
  }
  return { identity, paths, report };
}
