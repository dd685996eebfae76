import type { AgentDefinition } from '../agents/definition.js';
import { loadBackend } from '../backends/load.js';
import type { Context } from '../context.js';
import { writeLine } from '../output/write.js';
import type { BackendRef } from '../session/backend-ref.js';

/** Said before the terminal is attached: which keys stay outside, or are not there, or why the agent cannot reach its model. */
export async function hintAtNetwork(
  { stderr, env }: Context,
  agent: AgentDefinition,
  ref: BackendRef,
  routed?: ReadonlySet<string>,
): Promise<void> {
  const tell = (line: string): Promise<void> => writeLine(stderr, `bot-bottle: ${line}`);
  if ((await loadBackend(ref)).capabilities.network === 'none') {
    if (agent.needsNetwork === true) {
      await tell(
        `the backend "${ref.name}" has no network; "${agent.name}" cannot reach its model's service`,
      );
    }
    return;
  }
  const { grantsOf } = await import('../agents/grants.js');
  const { keys } = grantsOf(agent, env, routed);
  for (const key of keys) {
    await tell(`${key.env} stays outside: the bottle has a placeholder, requests to ${key.host} get the key`);
  }
  const possible = (agent.credentials ?? []).map(credential => credential.env);
  if (keys.length === 0 && possible.length > 0) {
    await tell(`it uses none of ${possible.join(', ')}: "${agent.name}" has its own log-in, or asks for one`);
  }
}
