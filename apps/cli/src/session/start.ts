import type { Identity } from '@bot-bottle/identity';
import { type BottlePaths, bottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import { bootKeeper, DEFAULT_SIZE, type OnProgress } from '../keeper/spawn.js';
import type { BackendRef } from './backend-ref.js';
import type { StartRequest } from './start-request.js';
import { terminalSize } from './terminal-size.js';

export interface StartedBottle {
  readonly identity: Identity;
  readonly paths: BottlePaths;
  /** The one that was chosen. */
  readonly backend: BackendRef;
}

/**
 * Starts a bottle and returns when its agent runs, kept by a process of its own, which loads while `choose` finds an available
 * backend. `onProgress` takes what the build of an image says. The values of variables are taken from `context.env`. SIGINT and SIGTERM while it starts cancel it. Throws
 * SessionError, or what `choose` throws; what failed has been removed, or `left` says what could not be.
 */
export async function startBottle(
  context: Context,
  request: Omit<StartRequest, 'backend'>,
  choose: () => Promise<BackendRef>,
  onProgress: OnProgress,
): Promise<StartedBottle> {
  const { agent, args, workspace, labels, limits, allow = [], routes = [], preserve = false } = request;
  const keeper = bootKeeper(context, 'start', agent.name);
  let backend: BackendRef;
  try {
    backend = await choose();
  } catch (error) {
    keeper.dismiss();
    throw error;
  }
  const { identity } = await keeper.ask(
    {
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
    },
    onProgress,
  );
  return { identity, paths: bottlePaths(context.root, identity), backend };
}
