import type { Socket } from 'node:net';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { connectTo } from '../keeper/control-socket.js';
import { parseKeeperMessage } from '../keeper/messages.js';
import { encodeControl, FrameDecoder, type KeeperMessage, PROTOCOL } from '../keeper/protocol.js';
import { SessionError } from './errors.js';

type Ended = Extract<KeeperMessage, { type: 'ended' }>;

/** A client's end of the control socket. */
export class KeeperConnection {
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Throws SessionError 'not-running' where no keeper listens. */
  static async open(paths: BottlePaths): Promise<KeeperConnection> {
    let socket: Socket;
    try {
      socket = await connectTo(paths.controlSocket);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ECONNREFUSED') {
        throw new SessionError('not-running', `${paths.identity} does not run`, { cause: error });
      }
      throw error;
    }
    const connection = new KeeperConnection(socket);
    connection.send(encodeControl({ type: 'hello', protocol: PROTOCOL }));
    return connection;
  }

  /** What cannot be sent any more is dropped: `follow` says why the connection ended. */
  send(frame: Uint8Array): void {
    if (this.socket.writable) {
      this.socket.write(frame);
    }
  }

  close(): void {
    this.socket.destroy();
  }

  /**
   * Hands over what the terminal shows until the session ended; reads no faster than `write` takes it.
   * Throws SessionError 'connection-lost', 'protocol-mismatch'.
   */
  async follow(write: (data: Uint8Array) => Promise<void>): Promise<Ended> {
    try {
      return await this.#read(write);
    } catch (cause) {
      throw cause instanceof SessionError ? cause : lost(cause);
    }
  }

  async #read(write: (data: Uint8Array) => Promise<void>): Promise<Ended> {
    const decoder = new FrameDecoder();
    for await (const chunk of this.socket as AsyncIterable<Buffer>) {
      for (const frame of decoder.push(chunk)) {
        if (frame.kind === 'data') {
          await write(frame.data);
          continue;
        }
        const message = parseKeeperMessage(frame.message);
        if (message?.type === 'ended') {
          return message;
        }
        if (message?.type === 'error') {
          const code = message.code === 'protocol-mismatch' ? 'protocol-mismatch' : 'connection-lost';
          throw new SessionError(code, message.message);
        }
      }
    }
    throw lost();
  }
}

function lost(cause?: unknown): SessionError {
  return new SessionError('connection-lost', 'the connection to the keeper ended before the session did', {
    cause,
  });
}
