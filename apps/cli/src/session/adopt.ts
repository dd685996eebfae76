import type { Limits, Recollection } from '@bot-bottle/backend';
import { formatStartedAt, newRecord, writeRecord } from '@bot-bottle/metadata';
import { markPreserved } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import { workspaceTarget } from './bottle-spec.js';
import { SessionError } from './errors.js';
import { type Workspace, writeLaunch } from './launch-file.js';
import { holdOrphan, type Orphan, recallOrphan } from './orphans.js';

export interface AdoptOptions {
  /** The agent of that name as the operator defines it. Undefined: the command and the image that its container has. */
  readonly agentOf: (name: string) => AgentDefinition | undefined;
  readonly limits: Limits;
}

/**
 * Makes a record of what the backend knows of a bottle, and preserves it: `resume`, `stop` and `rm` work on it again. What
 * it may reach is lost, so it is nothing until somebody allows it. The record comes last; killed before that, it is an
 * orphan still. Throws SessionError 'not-an-orphan'; BackendError.
 */
export async function adoptOrphan(orphan: Orphan, { agentOf, limits }: AdoptOptions): Promise<Recollection> {
  const { paths, backend } = orphan;
  const held = await holdOrphan(orphan);
  if (held === null) throw notAnOrphan(paths);
  try {
    const known = await recallOrphan(orphan);
    if (known === null) throw notAnOrphan(paths);
    const { agentName, project, labels, createdAt } = known;
    const workspace = workspaceOf(paths, known);
    const agent = agentOf(agentName) ?? agentAsRecalled(known);
    await writeLaunch(paths, { version: 1, agent, args: [], passedEnv: [], backend, workspace, limits });
    await markPreserved(paths);
    await writeRecord(
      paths,
      newRecord({
        identity: paths.identity,
        agentName,
        cwd: workspace.kind === 'empty' ? '' : workspace.source,
        copyCwd: workspace.kind === 'copy',
        startedAt: formatStartedAt(createdAt),
        composeProject: project,
        backend: backend.name,
        labels: { ...labels },
      }),
    );
    return known;
  } finally {
    await held.release();
  }
}

/** A folder of the state is shown where its original was; the operator's own is shown at its own path. */
function workspaceOf(paths: BottlePaths, { workspace: { source, target } }: Recollection): Workspace {
  if (source !== paths.workspace) return { kind: 'mount', source };
  const empty: Workspace = { kind: 'empty' };
  return target === workspaceTarget(empty) ? empty : { kind: 'copy', source: target };
}

function agentAsRecalled({ agentName, command, image }: Recollection): AgentDefinition {
  return {
    ...{ name: agentName, description: '', command },
    ...{ resumeArgs: [], passEnv: [], setEnv: {}, transcript: [] },
    ...(image === null ? {} : { image }),
  };
}

function notAnOrphan({ identity }: BottlePaths): SessionError {
  return new SessionError('not-an-orphan', `${identity} has a record, or nothing of it is left to adopt`);
}
