import type { AgentDefinition } from '../agents/definition.js';
import type { Settings } from '../config/settings.js';
import type { Context } from '../context.js';
import { CliError } from '../output/errors.js';
import type { BackendRef } from '../session/backend-ref.js';
import { loadBackend } from './load.js';
import type { Registry } from './registry.js';

export interface Wishes {
  /** `--backend`. */
  readonly flag: string | undefined;
  readonly agent: Pick<AgentDefinition, 'backend'>;
  readonly env: Context['env'];
  readonly settings: Pick<Settings, 'backend'>;
}

/** Nothing overrides this: what a bottle may reach is a promise that somebody has to keep. */
export const NOT_ENFORCED = {
  available: false,
  reason: 'it does not keep its bottles from the network',
  remedy: 'bot-bottle start AGENT --backend local',
} as const;

/** The backend that somebody asked for: the flag, else the agent's, else BOT_BOTTLE_BACKEND, else the configuration's. */
export function wishedBackend({ flag, agent, env, settings }: Wishes): string | undefined {
  return flag ?? agent.backend ?? (env['BOT_BOTTLE_BACKEND'] || undefined) ?? settings.backend;
}

/**
 * The backend for a new bottle, proven available: the one asked for, else the first of the registry that proves so.
 * @throws CliError `no-backend`, `unknown-backend`, `backend-not-installed`, `bad-adapter`
 */
export async function chooseBackend(registry: Registry, wishes: Wishes): Promise<BackendRef> {
  const wished = wishedBackend(wishes);
  const refusals: { name: string; reason: string; remedy: string }[] = [];
  for (const name of wished === undefined ? registry.names : [wished]) {
    const ref = registry.require(name);
    const backend = await loadBackend(ref);
    const probe = backend.capabilities.network === 'open' ? NOT_ENFORCED : await backend.probe();
    if (probe.available) return ref;
    refusals.push({ name, reason: probe.reason, remedy: probe.remedy });
  }
  const fact =
    wished === undefined ? 'no backend can run bottles here' : `backend "${wished}" cannot run bottles here`;
  const [only] = refusals;
  throw new CliError(
    'no-backend',
    refusals.length === 1 && only !== undefined
      ? `${fact}: ${only.reason}`
      : `${fact}; expected one that proves available`,
    {
      details: refusals.length === 1 ? [] : refusals.map(({ name, reason }) => `${name}: ${reason}`),
      try: refusals.map(({ remedy }) => remedy),
    },
  );
}
