import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ExitStatus, LaunchHost, Terminal, TerminalCommand, TerminalSize } from '@bot-bottle/backend';
import type { IPty, spawn } from '@lydell/node-pty';
import { PtyInput } from './pty-input.js';

/** Milliseconds between two looks at whether the process of a paused terminal still lives. */
const EXIT_POLL_MS = 50;

/** What node-pty's terminal has beyond its declared type. */
interface UnixPty extends IPty {
  readonly fd: number;
  readonly _socket: Pick<Socket, 'destroyed'>;
  setEncoding(encoding: BufferEncoding): void;
}

/** Opens pseudo-terminals for an adapter, and slows the one that it opened where somebody cannot follow. */
export class PtyHost implements LaunchHost {
  readonly #spawn: typeof spawn;
  #size: TerminalSize;
  #terminal: PtyTerminal | null = null;
  #onDrain: () => void = () => {};

  private constructor(spawnPty: typeof spawn, size: TerminalSize) {
    this.#spawn = spawnPty;
    this.#size = size;
  }

  /** Loads the native module: only a keeper needs it. */
  static async load(size: TerminalSize): Promise<PtyHost> {
    const { spawn: spawnPty } = await import('@lydell/node-pty');
    return new PtyHost(spawnPty, size);
  }

  openTerminal(command: TerminalCommand): Terminal {
    const pty = this.#spawn(command.file, [...command.args], {
      name: command.env['TERM'] ?? 'xterm-256color',
      cols: this.#size.columns,
      rows: this.#size.rows,
      cwd: command.cwd,
      env: { ...command.env },
      // Sets IUTF8 on the terminal, so that the kernel's line editing erases whole characters (termios(3)).
      encoding: 'utf8',
    }) as UnixPty;
    // The bytes themselves, whatever they are: one character of latin1 is one byte.
    pty.setEncoding('latin1');
    this.#terminal = new PtyTerminal(pty, () => this.#onDrain());
    return this.#terminal;
  }

  /** Bytes that were written to the terminal and that its program has not taken. */
  get backlog(): number {
    return this.#terminal?.backlog ?? 0;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  pause(): void {
    this.#terminal?.pause();
  }

  resume(): void {
    this.#terminal?.resume();
  }
}

/** What an adapter is given: terminals, and the proxy where the bottle has one. */
export function hostOf(pty: PtyHost, proxy: { serve(connection: Duplex): void } | null): LaunchHost {
  if (proxy === null) {
    return pty;
  }
  return {
    openTerminal: command => pty.openTerminal(command),
    serveEgress: connection => proxy.serve(connection),
  };
}

class PtyTerminal implements Terminal {
  readonly pid: number;
  readonly #pty: UnixPty;
  readonly #input: PtyInput;
  readonly #exited: Promise<ExitStatus>;
  readonly #listeners = new Set<(chunk: Uint8Array) => void>();
  /** What came before anybody listened: an adapter may take its time between the opening and the handing over. */
  #early: Uint8Array[] = [];
  #over = false;
  #poll: NodeJS.Timeout | null = null;

  constructor(pty: UnixPty, onDrain: () => void) {
    this.#pty = pty;
    const master = {
      fd: pty.fd,
      get closed() {
        return pty._socket.destroyed;
      },
    };
    this.#input = new PtyInput(master, onDrain);
    this.pid = pty.pid;
    pty.onData(text => this.#spread(Buffer.from(text, 'latin1')));
    this.#exited = new Promise(resolve => {
      pty.onExit(({ exitCode, signal }) => {
        this.#over = true;
        this.resume();
        this.#input.end();
        resolve({ code: signal ? 128 + signal : exitCode });
      });
    });
  }

  get backlog(): number {
    return this.#input.backlog;
  }

  write(data: string | Uint8Array): void {
    if (!this.#over) this.#input.write(typeof data === 'string' ? Buffer.from(data) : data);
  }

  resize({ columns, rows }: TerminalSize): void {
    if (!this.#over) {
      this.#pty.resize(columns, rows);
    }
  }

  onData(listener: (chunk: Uint8Array) => void): () => void {
    this.#listeners.add(listener);
    const early = this.#early;
    this.#early = [];
    for (const chunk of early) {
      listener(chunk);
    }
    return () => this.#listeners.delete(listener);
  }

  onExit(listener: (exit: ExitStatus) => void): void {
    void this.#exited.then(listener);
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#over) {
      this.#pty.kill(signal);
    }
  }

  #spread(chunk: Uint8Array): void {
    if (this.#listeners.size === 0) {
      this.#early.push(chunk);
    }
    for (const listener of this.#listeners) {
      listener(chunk);
    }
  }

  /**
   * Stops reading, so that the program waits as it would for a slow terminal. node-pty closes a terminal 200 ms after its
   * process ended, read or not: a paused one is therefore watched, and read on as soon as its process is gone.
   */
  pause(): void {
    if (this.#over || this.#poll !== null) {
      return;
    }
    this.#pty.pause();
    this.#poll = setInterval(() => {
      if (!isAlive(this.pid)) {
        this.#over = true;
        this.resume();
      }
    }, EXIT_POLL_MS);
  }

  resume(): void {
    if (this.#poll !== null) {
      clearInterval(this.#poll);
      this.#poll = null;
      this.#pty.resume();
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user, as a set-user-ID program is (kill(2), EPERM), it is there all the same.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
