import type { KnownAgent } from '../agents/known.js';
import type { Settings } from '../config/settings.js';
import { CliError } from '../output/errors.js';
import { meantOrExpected } from '../output/nearest.js';

/** The agent of this name, and who says so. @throws CliError `unknown-agent` */
export function findAgent({ agents }: Settings, name: string): KnownAgent {
  const agent = agents.get(name);
  if (agent !== undefined) return agent;
  throw new CliError('unknown-agent', `no agent "${name}"; ${meantOrExpected(name, [...agents.keys()])}`, {
    try: 'bot-bottle agents',
  });
}
