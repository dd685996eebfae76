import { join } from 'node:path';
import type { BottlePaths } from '@bot-bottle/state-paths';

/** Where a live config lies; a bottle's BottlePaths is one. */
export type LiveConfigPaths = Pick<BottlePaths, 'liveConfig' | 'allowlist' | 'routes' | 'generation'>;

/** The paths in a folder that is all one sees of the bottle: a sidecar's read-only mount of it. */
export function liveConfigPaths(folder: string): LiveConfigPaths {
  return {
    liveConfig: folder,
    allowlist: join(folder, 'allowlist'),
    routes: join(folder, 'routes.yaml'),
    generation: join(folder, 'generation.json'),
  };
}

/** The two files that make a pair. */
export const PARTS = ['allowlist', 'routes'] as const;
export type Part = (typeof PARTS)[number];

/** The pair before the write that is going on, or that was cut short. */
export function undoPath(paths: LiveConfigPaths): string {
  return join(paths.liveConfig, 'undo.json');
}

/** Held by the writer at work. */
export function claimPath(paths: LiveConfigPaths): string {
  return join(paths.liveConfig, '.claim');
}
