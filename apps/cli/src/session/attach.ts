import type { Socket } from 'node:net';
import type { ExitStatus } from '@bot-bottle/backend';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import { encodeControl, encodeData } from '../keeper/protocol.js';
import { DEFAULT_DETACH_KEYS, DetachScanner, parseDetachKeys } from './detach-keys.js';
import { KeeperConnection } from './keeper-connection.js';
import { TerminalModes } from './terminal-modes.js';
import { terminalSize } from './terminal-size.js';

export interface AttachOptions {
  /** In Docker's syntax, e.g. `ctrl-a,d`; ctrl-p,ctrl-q by default. Throws SessionError 'bad-detach-keys'. */
  readonly detachKeys?: string;
}

/** How a terminal's connection to a bottle ended. */
export type AttachOutcome =
  | {
      readonly kind: 'exited';
      readonly exit: ExitStatus;
      /** True: the state stayed, and `resume` continues it. False: it was removed. */
      readonly kept: boolean;
      /** Why it was kept or what could not be removed, where there is something to say. */
      readonly notes: readonly string[];
    }
  | { readonly kind: 'detached' };

/** End of input for a program that reads its terminal by lines: the kernel's VEOF character (termios(3)). */
const END_OF_INPUT = Uint8Array.of(4);
/**
 * Milliseconds until it is typed again. Input that has ended says so at each read; a terminal says it once, and a program that
 * changes the terminal's modes as it starts throws away what was typed before (tcsetattr(3), TCSAFLUSH).
 */
const END_AGAIN_MS = 1000;

/**
 * Connects the context's stdin and stdout to a running bottle. A terminal is in raw mode meanwhile and is handed back as
 * it was. Input that is no terminal is typed, and its end is ctrl-d. The detach keys, SIGHUP (the terminal closed) and
 * SIGTERM detach. Throws SessionError 'not-running', 'connection-lost', 'bad-detach-keys'.
 */
export async function attachTerminal(
  context: Context,
  paths: BottlePaths,
  options: AttachOptions = {},
): Promise<AttachOutcome> {
  const keys = parseDetachKeys(options.detachKeys ?? DEFAULT_DETACH_KEYS);
  const keeper = await KeeperConnection.open(paths);
  const modes = new TerminalModes();
  const { stdout } = context;
  const write = async (data: Uint8Array): Promise<void> => {
    modes.see(data);
    if (!stdout.write(data)) {
      await new Promise<void>(resolve => stdout.once('drain', resolve));
    }
  };
  return new Promise<AttachOutcome>((resolve, reject) => {
    const detach = (): void => finish({ kind: 'detached' });
    const resize = (): void => {
      const size = terminalSize(context);
      if (size !== null) {
        keeper.send(encodeControl({ type: 'resize', size }));
      }
    };
    const stopTyping = typeInto(keeper.socket, context, keys, detach);
    let over = false;
    const restore = (): void => {
      over = true;
      stopTyping();
      keeper.close();
      stdout.off('resize', resize).off('error', detach);
      process.off('SIGHUP', detach).off('SIGTERM', detach);
      if (stdout.isTTY && !stdout.destroyed) {
        stdout.write(modes.restore());
      }
    };
    const finish = (outcome: AttachOutcome): void => {
      if (!over) {
        restore();
        resolve(outcome);
      }
    };
    process.on('SIGHUP', detach).on('SIGTERM', detach);
    // Nobody reads what the agent shows any more (EPIPE, EIO): as a terminal that was closed.
    stdout.on('error', detach);
    if (stdout.isTTY) {
      stdout.on('resize', resize);
    }
    keeper.send(encodeControl({ type: 'attach', size: terminalSize(context), replay: true }));
    keeper.follow(write).then(
      ({ exit, kept, notes }) => finish({ kind: 'exited', exit, kept, notes }),
      error => {
        if (!over) {
          restore();
          reject(error);
        }
      },
    );
  });
}

/** Feeds stdin to the keeper; returns what stops that and restores the terminal. */
function typeInto(socket: Socket, { stdin }: Context, keys: Uint8Array, detach: () => void): () => void {
  const scanner = new DetachScanner(stdin.isTTY ? keys : new Uint8Array(0));
  const wasRaw = stdin.isTTY && stdin.isRaw;
  const send = (input: Uint8Array): void => {
    let taken = true;
    for (const frame of encodeData(input)) {
      taken = socket.write(frame) && taken;
    }
    if (!taken) {
      stdin.pause();
      socket.once('drain', () => stdin.resume());
    }
  };
  const type = (typed: Buffer): void => {
    const { input, detached } = scanner.scan(typed);
    send(input);
    if (detached) {
      detach();
    }
  };
  let ending: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (stdin.isTTY) {
      detach();
    } else {
      send(END_OF_INPUT);
      ending ??= setInterval(() => {
        if (socket.writableLength === 0) send(END_OF_INPUT);
      }, END_AGAIN_MS);
    }
  };
  if (stdin.isTTY) {
    stdin.setRawMode(true);
  }
  stdin.on('data', type).on('end', end).on('error', end).resume();
  return () => {
    clearInterval(ending);
    stdin.off('data', type).off('end', end).off('error', end).pause();
    if (stdin.isTTY && !stdin.destroyed) {
      stdin.setRawMode(wasRaw);
    }
  };
}
