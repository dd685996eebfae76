import { BackendAsker } from '../backends/asker.js';
import { loadSettings, type Settings } from '../config/settings.js';
import type { Context } from '../context.js';
import { checkBackends } from './backends.js';
import { type Finding, failure, ok } from './finding.js';
import { checkOrphans } from './orphans.js';
import { checkRoom } from './room.js';
import { checkBottles, checkRoot } from './state.js';
import { checkGit, checkNode } from './tools.js';

/** Looks and changes nothing, but for the sandbox that a backend's probe starts and ends. */
export async function diagnose(context: Context): Promise<readonly Finding[]> {
  const asker = new BackendAsker(context);
  return [
    checkNode(),
    checkGit(context),
    ...checkRoot(context),
    checkRoom(context),
    ...(await checkConfiguration(context, asker)),
    ...(await checkBottles(context, asker)),
  ];
}

/** The configuration and, if it can be read, the backends that it leads to. */
async function checkConfiguration(context: Context, asker: BackendAsker): Promise<readonly Finding[]> {
  let settings: Settings;
  try {
    settings = loadSettings(context);
  } catch (error) {
    return [failure('configuration', error)];
  }
  return [
    ok('configuration', `${settings.agents.size} agents`),
    ...(await checkBackends(context, settings)),
    ...(await checkOrphans(context, settings, asker)),
  ];
}
