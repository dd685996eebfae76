import type { AgentDefinition } from './definition.js';

/** An agent that can be started, and who says so. */
export interface KnownAgent {
  readonly definition: AgentDefinition;
  /** `built-in`, or the path of the file that defines or changes it. */
  readonly source: string;
  readonly fromProject: boolean;
}

/** The agent that an entry of a file builds upon: the one it names, else the known one of its own name. */
export function baseOf(
  agents: ReadonlyMap<string, KnownAgent>,
  name: string,
  entry: { readonly extends?: string | undefined },
): AgentDefinition | undefined {
  return agents.get(entry.extends ?? name)?.definition;
}
