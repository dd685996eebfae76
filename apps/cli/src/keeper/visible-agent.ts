import { homedir } from 'node:os';
import type { Backend } from '@bot-bottle/backend';
import { rootPaths } from '@bot-bottle/state-paths';
import type { AgentDefinition } from '../agents/definition.js';
import { locateProgram } from '../session/agent-program.js';
import { HOME, workspaceTarget } from '../session/bottle-spec.js';
import { type AgentImage, type ImageInput, imageOf } from '../session/image.js';
import type { Workspace } from '../session/launch-file.js';

/**
 * The agent as its bottle will find it, looked up at every launch, for a program moves when it is upgraded. An adapter
 * that runs images has programs of its own. Throws SessionError 'program-missing', 'program-hidden'.
 */
export function visibleAgent(
  { capabilities }: Backend,
  agent: AgentDefinition,
  where: { readonly root: string; readonly workspace: Workspace; readonly agentHome: string | null },
): AgentDefinition {
  if (capabilities.images) return agent;
  return locateProgram(agent, {
    path: process.env['PATH'],
    home: homedir(),
    agentHome: where.agentHome,
    own: [HOME, workspaceTarget(where.workspace)],
    config: rootPaths(where.root).config,
  });
}

/** The same with the image that its bottle runs, built where it has to be. Throws SessionError 'build-failed', 'no-images'. */
export async function withImage(
  input: ImageInput,
): Promise<{ readonly agent: AgentDefinition; readonly of: AgentImage['of'] }> {
  const { image, of } = await imageOf(input);
  return { agent: { ...input.agent, ...(image === undefined ? {} : { image }) }, of };
}
