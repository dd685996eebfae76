import type { AgentDefinition } from '../agents/definition.js';
import { loadBackend } from '../backends/load.js';
import type { Context } from '../context.js';
import { writeLine } from '../output/write.js';
import type { BackendRef } from '../session/backend-ref.js';

/** Said before the terminal is attached, so that nobody looks elsewhere for why the agent cannot reach its model. */
export async function hintAtNetwork(
  { stderr }: Context,
  { name, needsNetwork }: Pick<AgentDefinition, 'name' | 'needsNetwork'>,
  ref: BackendRef,
): Promise<void> {
  if (needsNetwork !== true || (await loadBackend(ref)).capabilities.network !== 'none') return;
  await writeLine(
    stderr,
    `bot-bottle: a bottle has no network yet; "${name}" cannot reach its model's service`,
  );
}
