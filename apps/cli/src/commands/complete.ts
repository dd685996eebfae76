import { listIdentities } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import { EXIT } from '../output/exit-codes.js';
import { writeLine } from '../output/write.js';
import { recordedIdentities } from './resolve-identity.js';

/** What completion scripts ask: `bot-bottle __complete identity|recorded|agent|backend`. One value a line; silent in trouble. */
export async function complete(context: Context, [kind]: readonly string[]): Promise<number> {
  try {
    for (const value of await valuesOf(context, kind)) await writeLine(context.stdout, value);
    return EXIT.ok;
  } catch {
    // A message in the middle of the operator's command line helps nobody; the command itself will tell.
    return EXIT.failed;
  }
}

async function valuesOf(context: Context, kind: string | undefined): Promise<Iterable<string>> {
  if (kind === 'identity') return listIdentities(context.root);
  if (kind === 'recorded') return recordedIdentities(context.root);
  const { loadSettings } = await import('../config/settings.js');
  const settings = loadSettings(context);
  if (kind === 'agent') return settings.agents.keys();
  if (kind === 'backend')
    return (await import('../backends/registry.js')).createRegistry(context, settings).names;
  return [];
}
