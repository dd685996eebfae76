import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError } from '@bot-bottle/backend';
import { findProgram } from './programs.js';
import { removeIfPresent } from './scratch.js';

/**
 * The file that bubblewrap copies last into the sandbox that it builds: a pipe, at which it waits, with its first user namespace
 * still its own, which is the one that owns the network namespace. Later an operator who is not root could not join that.
 */
export interface Gate {
  /** Opens it for another process of this user, while this one has it open. */
  readonly path: string;
  /** Writes the file's text and lets bubblewrap go on. */
  open(text: string): void;
  /** Does nothing after `open`. Before it the file stays empty, as with the death of this process: the start guard ends the bottle. */
  close(): void;
}

/** @throws BackendError `launch-failed` */
export function makeGate(folder: string): Gate {
  const fd = openPipe(join(folder, 'gate'));
  let closed = false;
  const close = (): void => {
    if (!closed) closeSync(fd);
    closed = true;
  };
  return {
    path: `/proc/${process.pid}/fd/${fd}`,
    open(text) {
      writeSync(fd, text);
      close();
    },
    close,
  };
}

/** For both directions, so that neither side waits for the other to open it, and without its name from then on. */
function openPipe(path: string): number {
  removeIfPresent(path);
  const mkfifo = findProgram('mkfifo') ?? 'mkfifo';
  const { status, error, stderr } = spawnSync(mkfifo, ['-m', '600', path], { env: {}, encoding: 'utf8' });
  if (status !== 0) {
    throw new BackendError('launch-failed', `no pipe at ${path}: ${error?.message ?? stderr.trim()}`);
  }
  try {
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  } finally {
    unlinkSync(path);
  }
}
