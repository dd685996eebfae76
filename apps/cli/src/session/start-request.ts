import type { Limits } from '@bot-bottle/backend';
import type { Route } from '@bot-bottle/live-config';
import type { AgentDefinition } from '../agents/definition.js';
import type { BackendRef } from './backend-ref.js';
import type { Workspace } from './launch-file.js';

/** What a new bottle is made of. */
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
  /** Lines of the first allowlist, beside those of the agent's definition; each has been parsed. None by default. */
  readonly allow?: readonly string[];
  /** First routes, beside those of the agent's credentials. None by default. */
  readonly routes?: readonly Route[];
  /** Keep the state when the session ends. Default false. */
  readonly preserve?: boolean;
}
