import { formatAge } from '../output/format.js';
import type { Orphan } from './orphans.js';

/** `its record is gone, and docker has bot-bottle-claude-x7k2p-agent (running, 3h old)`. */
export function describeOrphan({ backend, sighting }: Orphan, now = new Date()): string {
  const { names, state, createdAt } = sighting;
  const age = formatAge(createdAt.toISOString(), now);
  return `its record is gone, and ${backend.name} has ${names.join(', ')} (${state}, ${age} old)`;
}
