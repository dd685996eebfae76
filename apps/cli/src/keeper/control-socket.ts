import { chmodSync, closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';

// A socket's address holds 107 characters of a path (unix(7)); a state folder may be deeper. So both sides go through a
// handle of the folder, which also keeps a link in the folder's place from being followed.

/**
 * Listens at `path`, for this user only. A socket that a dead keeper left there is replaced: whoever calls holds the
 * bottle's lease, so no living one listens.
 */
export async function listenAt(path: string, onConnection: (socket: Socket) => void): Promise<Server> {
  const folder = openFolder(path);
  const address = addressIn(folder, path);
  removeStale(address);
  const server = createServer({ allowHalfOpen: false }, onConnection);
  // libuv unlinks the address when it closes, through the same handle.
  server.once('close', () => closeSync(folder));
  const before = process.umask(0o177);
  try {
    server.listen(address);
  } finally {
    process.umask(before);
  }
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve).once('error', reject);
  });
  chmodSync(address, 0o600);
  return server;
}

/** Rejects with the system's error: ENOENT or ECONNREFUSED where nobody listens. */
export async function connectTo(path: string): Promise<Socket> {
  const folder = openFolder(path);
  try {
    const socket = connect(addressIn(folder, path));
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return socket;
  } finally {
    closeSync(folder);
  }
}

function openFolder(path: string): number {
  return openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

function addressIn(folder: number, path: string): string {
  return `/proc/self/fd/${folder}/${basename(path)}`;
}

function removeStale(address: string): void {
  try {
    unlinkSync(address);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
}
