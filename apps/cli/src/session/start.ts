import type { Identity } from '@bot-bottle/identity';
import { type BottlePaths, bottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import { DEFAULT_SIZE, spawnKeeper } from '../keeper/spawn.js';
import type { StartRequest } from './start-request.js';
import { terminalSize } from './terminal-size.js';

export interface StartedBottle {
  readonly identity: Identity;
  readonly paths: BottlePaths;
}

/**
 * Starts a bottle and returns when its agent runs, kept by a process of its own. The values of `agent.passEnv` are taken
 * from `context.env`. SIGINT and SIGTERM while it starts cancel it. Throws SessionError; what failed has been removed,
 * or `left` says what could not be.
 */
export async function startBottle(context: Context, request: StartRequest): Promise<StartedBottle> {
  const {
    agent,
    args,
    backend,
    workspace,
    labels,
    limits,
    allow = [],
    routes = [],
    preserve = false,
  } = request;
  const { identity } = await spawnKeeper(context, {
    kind: 'start',
    root: context.root,
    size: terminalSize(context) ?? DEFAULT_SIZE,
    now: context.now().toISOString(),
    preserve,
    start: {
      agent,
      args,
      backend: { name: backend.name, ...(backend.module === undefined ? {} : { module: backend.module }) },
      workspace,
      labels,
      ...(limits === undefined ? {} : { limits }),
      allow,
      routes,
    },
  });
  return { identity, paths: bottlePaths(context.root, identity) };
}
