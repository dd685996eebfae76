import type { KnownAgent } from '../agents/known.js';
import type { Settings } from '../config/settings.js';
import { CliError } from '../output/errors.js';
import { nearest } from '../output/nearest.js';

/** The agent of this name, and who says so. @throws CliError `unknown-agent` */
export function findAgent({ agents }: Settings, name: string): KnownAgent {
  const agent = agents.get(name);
  if (agent !== undefined) return agent;
  const meant = nearest(name, agents.keys());
  const expected =
    meant === undefined ? `expected one of ${[...agents.keys()].join(', ')}` : `did you mean "${meant}"?`;
  throw new CliError('unknown-agent', `no agent "${name}"; ${expected}`, { try: 'bot-bottle agents' });
}
