import { chmodSync, closeSync, constants, openSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { BottleRef, LaunchHost } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';
import { EGRESS_PROGRAM, PROVEN, SOCKET_NAME } from './egress-program.js';
import { type Engine, EngineRefusal } from './engine.js';
import { containerOf } from './names.js';
import type { Scratch } from './scratch.js';

/** @throws BackendError `launch-failed` */
export function requireServe(host: LaunchHost): NonNullable<LaunchHost['serveEgress']> {
  if (host.serveEgress === undefined) {
    throw new BackendError('launch-failed', 'the host serves no way out, and the bottle is to have one');
  }
  return connection => host.serveEgress?.(connection);
}

/**
 * Takes connections from the bottle's egress container, for as long as this process lives. Only the operator and that container
 * reach the socket: neither the folder nor anything above it is the agent's.
 */
export async function listen(
  scratch: Scratch,
  serve: NonNullable<LaunchHost['serveEgress']>,
): Promise<Server> {
  // By a handle of the folder: a socket's address holds 107 octets of a path (unix(7)).
  const folder = openSync(scratch.wayOut, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  const address = `/proc/self/fd/${folder}/${SOCKET_NAME}`;
  // Of a keeper that is dead: whoever launches or attaches holds the bottle's lease.
  rmSync(address, { force: true });
  const server = createServer({ allowHalfOpen: true }, serve);
  server.once('close', () => closeSync(folder));
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', reject).listen(address);
  });
  chmodSync(address, 0o600);
  return server;
}

/** Starts the egress container, which proves the bottle's network first of all. @throws BackendError `isolation-failed` */
export function startEgress(engine: Engine, ref: BottleRef): Promise<void> {
  return proven(ref, () => engine.firstLine(['start', '--attach', containerOf(ref, 'egress')]));
}

/** Has an egress container that runs prove the bottle's network again. @throws BackendError `isolation-failed` */
export function prove(engine: Engine, ref: BottleRef, port: number): Promise<void> {
  const program = [...EGRESS_PROGRAM, 'prove', `${port}`];
  return proven(ref, () => engine.firstLine(['exec', containerOf(ref, 'egress'), ...program]));
}

async function proven(ref: BottleRef, say: () => Promise<string>): Promise<void> {
  let said: string;
  try {
    said = await say();
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    said = error.message;
  }
  if (said === PROVEN) return;
  throw new BackendError('isolation-failed', `the bottle's way out is not proven: ${said}`, {
    remedy: `docker logs ${containerOf(ref, 'egress')}`,
  });
}
