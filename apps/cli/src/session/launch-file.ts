import type { BottlePaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import type { BackendRef } from './backend-ref.js';

/** What the bottle works on. `source` is an absolute path on the host. */
export type Workspace =
  | { readonly kind: 'empty' }
  | { readonly kind: 'mount'; readonly source: string }
  | { readonly kind: 'copy'; readonly source: string };

/** `launch.json`: what `resume` needs and the older tool's record does not hold. Names of variables, never their values. */
export interface LaunchRecord {
  readonly version: 1;
  readonly agent: AgentDefinition;
  readonly args: readonly string[];
  readonly backend: BackendRef;
  readonly workspace: Workspace;
  readonly limits: Readonly<Record<string, number>>;
}

/** Null where the bottle has none. Throws SessionError 'broken-bottle'. */
export declare function readLaunch(paths: BottlePaths): LaunchRecord | null;
