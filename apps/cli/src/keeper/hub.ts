import type { Socket } from 'node:net';
import type { ExitStatus, Terminal, TerminalSize } from '@bot-bottle/backend';
import { Client, type ClientHandler, STALL_MS } from './client.js';
import type { PtyHost } from './pty-host.js';
import { Scrollback } from './scrollback.js';

const SCROLLBACK_BYTES = 256 * 1024;
/** Input that may wait for the agent; above it no client is read. */
const MAX_INPUT = 256 * 1024;
/** More terminals than anybody opens: the bound on what one bottle's clients can make the keeper hold. */
const MAX_CLIENTS = 64;

export interface HubOptions {
  readonly identity: string;
  /** Gets every chunk of output, before any client. */
  readonly record: (chunk: Uint8Array) => void;
  readonly stop: (graceMs: number) => void;
  /** Settles when the command that started the session has ended. Until it has attached or ended, it misses nothing. */
  readonly starterGone: Promise<void>;
  readonly stallMs?: number;
}

/**
 * Joins one terminal and its clients. All see the same output and all may type; the size is that of whoever sized last, as
 * with `docker attach`. The program is slowed to the slowest client that still reads; one that does not is dropped. It waits,
 * too, for the command that started it, once it has shown as much as a client is shown again.
 */
export class Hub implements ClientHandler {
  readonly #options: HubOptions;
  readonly #host: PtyHost;
  readonly #clients = new Set<Client>();
  readonly #scrollback = new Scrollback(SCROLLBACK_BYTES);
  #terminal: Terminal | null = null;
  #size: TerminalSize | null = null;
  #held = false;
  /** Somebody is still to come who is shown all from the beginning. */
  #awaiting = true;
  #onVisit: () => void = () => {};
  /** Settles with the first client that attaches. */
  readonly visited = new Promise<void>(resolve => {
    this.#onVisit = resolve;
  });

  constructor(host: PtyHost, options: HubOptions) {
    this.#host = host;
    this.#options = options;
    host.onDrain(() => this.#holdInput());
    void Promise.race([this.visited, options.starterGone]).then(() => {
      this.#awaiting = false;
      this.#pace();
    });
  }

  /** Clients may come before the terminal does: they wait. */
  connect(terminal: Terminal): void {
    this.#terminal = terminal;
    terminal.onData(chunk => this.#output(chunk));
    if (this.#size !== null) {
      terminal.resize(this.#size);
    }
  }

  accept(socket: Socket): void {
    if (this.#clients.size >= MAX_CLIENTS) {
      socket.destroy();
      return;
    }
    this.#clients.add(new Client(socket, this.#options.identity, this, this.#options.stallMs ?? STALL_MS));
  }

  /** Tells everybody how the session ended, and resolves when they know or were dropped. */
  async end(exit: ExitStatus, kept: boolean, notes: readonly string[]): Promise<void> {
    await Promise.all([...this.#clients].map(client => client.end({ type: 'ended', exit, kept, notes })));
  }

  /** Drops every client, for a session that never came to be. */
  close(): void {
    for (const client of this.#clients) {
      client.close();
    }
  }

  attach(client: Client, replay: boolean): void {
    this.#onVisit();
    if (replay) {
      client.output(this.#scrollback.replay());
    }
  }

  input(data: Uint8Array): void {
    this.#terminal?.write(data);
    this.#holdInput();
  }

  resize(size: TerminalSize): void {
    const same = this.#size?.columns === size.columns && this.#size.rows === size.rows;
    if (same) {
      // A size that is set again sends no SIGWINCH, and a program that fills the screen has to draw it for the newcomer.
      this.#terminal?.resize({ columns: size.columns, rows: size.rows + 1 });
    }
    this.#size = size;
    this.#terminal?.resize(size);
  }

  stop(graceMs: number): void {
    this.#options.stop(graceMs);
  }

  ready(client: Client): void {
    if (client.closed) {
      this.#clients.delete(client);
    }
    this.#pace();
  }

  #output(chunk: Uint8Array): void {
    this.#options.record(chunk);
    this.#scrollback.push(chunk, this.#awaiting);
    for (const client of this.#clients) {
      if (client.attached) {
        client.output(chunk);
      }
    }
    this.#pace();
  }

  /** The program waits while somebody cannot follow, or is still to come. */
  #pace(): void {
    const early = this.#awaiting && this.#scrollback.full;
    if (early || [...this.#clients].some(({ full }) => full)) {
      this.#host.pause();
    } else {
      this.#host.resume();
    }
  }

  #holdInput(): void {
    const held = this.#host.backlog > MAX_INPUT;
    if (held !== this.#held) {
      this.#held = held;
      for (const client of this.#clients) {
        client.hold(held);
      }
    }
  }
}
