import { type LiveConfigPaths, readLiveConfig } from '@bot-bottle/live-config';

/** Names of the variables whose values the bottle's routes put into requests. None where its live config cannot be read. */
export function routedKeys(paths: LiveConfigPaths): ReadonlySet<string> {
  try {
    const routes = readLiveConfig(paths).routes ?? [];
    return new Set(routes.flatMap(({ credential }) => credential?.env ?? []));
  } catch {
    // The proxy lets nothing out then, and says why.
    return new Set();
  }
}
