import type { Limits } from '@bot-bottle/backend';
import type { Identity } from '@bot-bottle/identity';
import { type BottlePaths, bottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import type { Context } from '../context.js';
import { spawnKeeper, terminalSize } from '../keeper/spawn.js';
import type { BackendRef } from './backend-ref.js';
import type { Workspace } from './launch-file.js';

export interface StartRequest {
  readonly agent: AgentDefinition;
  /** Put behind the agent's command. */
  readonly args: readonly string[];
  /** Already chosen and found available; a built-in `Backend` object is one. */
  readonly backend: BackendRef;
  readonly workspace: Workspace;
  readonly labels: Readonly<Record<string, string>>;
  /** None by default. */
  readonly limits?: Limits;
  /** Keep the state when the session ends. Default false. */
  readonly preserve?: boolean;
}

export interface StartedBottle {
  readonly identity: Identity;
  readonly paths: BottlePaths;
}

/**
 * Starts a bottle and returns when its agent runs, kept by a process of its own. The values of `agent.passEnv` are taken
 * from `context.env`. SIGINT and SIGTERM while it starts cancel it. Throws SessionError; what failed has been removed,
 * or `left` says what could not be.
 */
export async function startBottle(context: Context, request: StartRequest): Promise<StartedBottle> {
  const { agent, args, backend, workspace, labels, limits, preserve = false } = request;
  const { identity } = await spawnKeeper(context, {
    kind: 'start',
    root: context.root,
    size: terminalSize(context),
    now: context.now().toISOString(),
    preserve,
    start: {
      agent,
      args,
      backend: { name: backend.name, ...(backend.module === undefined ? {} : { module: backend.module }) },
      workspace,
      labels,
      ...(limits === undefined ? {} : { limits }),
    },
  });
  return { identity, paths: bottlePaths(context.root, identity) };
}
