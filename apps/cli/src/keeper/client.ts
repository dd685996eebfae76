import type { Socket } from 'node:net';
import type { TerminalSize } from '@bot-bottle/backend';
import { parseClientMessage } from './messages.js';
import {
  encodeControl,
  encodeData,
  FrameDecoder,
  type KeeperMessage,
  PROTOCOL,
  ProtocolError,
} from './protocol.js';

/** Bytes that may wait for a client; above it the terminal is slowed. */
const MAX_BACKLOG = 1024 * 1024;
/** A client that is full and takes not even one frame in this time is dropped. Milliseconds. */
export const STALL_MS = 5_000;

/** What a client asks of its keeper. */
export interface ClientHandler {
  attach(client: Client, replay: boolean): void;
  input(data: Uint8Array): void;
  resize(size: TerminalSize): void;
  stop(graceMs: number): void;
  /** It takes output again, or it is gone. */
  ready(client: Client): void;
}

/** One connection to the control socket. Whatever it sends or fails to read, only it is dropped. */
export class Client {
  readonly #socket: Socket;
  readonly #handler: ClientHandler;
  readonly #identity: string;
  readonly #stallMs: number;
  readonly #decoder = new FrameDecoder();
  #greeted = false;
  #attached = false;
  #ending = false;
  #stall: NodeJS.Timeout | undefined;

  constructor(socket: Socket, identity: string, handler: ClientHandler, stallMs = STALL_MS) {
    this.#socket = socket;
    this.#handler = handler;
    this.#identity = identity;
    this.#stallMs = stallMs;
    socket.on('data', chunk => this.#receive(chunk));
    socket.on('drain', () => this.#settle());
    // A reset connection is a client that left: 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => this.#settle());
  }

  get attached(): boolean {
    return this.#attached && !this.#socket.destroyed;
  }

  get full(): boolean {
    return !this.#socket.destroyed && this.#socket.writableLength > MAX_BACKLOG;
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  output(chunk: Uint8Array): void {
    for (const frame of encodeData(chunk)) {
      this.#socket.write(frame, () => this.#progress());
    }
    if (this.full && this.#stall === undefined) {
      this.#watch();
    }
  }

  /** Resolves when the client has the message, has gone, or was dropped because it does not read. */
  async end(message: KeeperMessage): Promise<void> {
    if (this.#socket.destroyed) {
      return;
    }
    await new Promise<void>(resolve => {
      this.#socket.once('close', () => resolve());
      this.#leave(message);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Stops or goes on reading what the client sends. */
  hold(held: boolean): void {
    if (held) {
      this.#socket.pause();
    } else {
      this.#socket.resume();
    }
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const frame of this.#decoder.push(chunk)) {
        if (frame.kind === 'control') {
          this.#obey(frame.message);
        } else if (this.#attached) {
          this.#handler.input(frame.data);
        } else {
          throw new ProtocolError('malformed', 'input came before attach');
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        throw error;
      }
      this.#drop(error);
    }
  }

  #obey(value: unknown): void {
    const message = parseClientMessage(value);
    if (message === null) {
      return;
    }
    if (message.type === 'hello') {
      if (message.protocol !== PROTOCOL) {
        throw new ProtocolError(
          'protocol-mismatch',
          `this bottle's keeper speaks protocol ${PROTOCOL}, the client ${message.protocol}`,
        );
      }
      this.#greeted = true;
      this.#socket.write(encodeControl({ type: 'hello', protocol: PROTOCOL, identity: this.#identity }));
      return;
    }
    if (!this.#greeted) {
      throw new ProtocolError('malformed', 'the first message has to be hello');
    }
    switch (message.type) {
      case 'attach':
        this.#attached = true;
        this.#handler.attach(this, message.replay);
        if (message.size !== null) {
          this.#handler.resize(message.size);
        }
        return;
      case 'resize':
        this.#handler.resize(message.size);
        return;
      case 'stop':
        this.#handler.stop(message.graceMs);
    }
  }

  #drop(error: ProtocolError): void {
    this.#attached = false;
    this.#leave({ type: 'error', code: error.code, message: error.message });
  }

  #leave(message: KeeperMessage): void {
    this.#ending = true;
    this.#socket.end(encodeControl(message));
    this.#watch();
  }

  /** A client that trickles one byte now and then makes no progress: a frame has to go. */
  #progress(): void {
    if (this.#stall !== undefined) {
      this.#watch();
    }
  }

  #settle(): void {
    this.#progress();
    this.#handler.ready(this);
  }

  /** Whoever is full, or is to close its end, has this long for the next frame. */
  #watch(): void {
    clearTimeout(this.#stall);
    const due = !this.closed && (this.full || this.#ending);
    this.#stall = due ? setTimeout(() => this.#socket.destroy(), this.#stallMs) : undefined;
  }
}
