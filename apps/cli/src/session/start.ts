import type { Identity } from '@bot-bottle/identity';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import type { Context } from '../context.js';
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
  /** Of the contract's `Limits`; none by default. */
  readonly limits?: Readonly<Record<string, number>>;
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
export declare function startBottle(context: Context, request: StartRequest): Promise<StartedBottle>;
