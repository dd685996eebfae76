import type { Duplex } from 'node:stream';

/** In character cells. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** `code` is 0 to 255; a process ended by signal n has 128 + n, as a shell reports it. */
export interface ExitStatus {
  readonly code: number;
  /** The kernel killed a process of the bottle for its memory limit. Absent: it did not, or the adapter cannot tell. */
  readonly outOfMemory?: true;
}

/** The pseudo-terminal that the agent's process runs on, seen from its controlling side. */
export interface Terminal {
  /** Process on the terminal, as this machine numbers it. */
  readonly pid: number;
  write(data: string | Uint8Array): void;
  /** Reaches the process as SIGWINCH. Does nothing after the exit. */
  resize(size: TerminalSize): void;
  /** Bytes as they come: a chunk may end inside a UTF-8 sequence. Returns the function that ends the subscription. */
  onData(listener: (chunk: Uint8Array) => void): () => void;
  /** Called exactly once, after the last data; a listener added after the exit is called too. */
  onExit(listener: (exit: ExitStatus) => void): void;
  /** Signals the process on the terminal. Does nothing after the exit. */
  kill(signal: NodeJS.Signals): void;
}

/** A program for the host to run. `env` is the whole environment: nothing of the host's own is added. */
export interface TerminalCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** What the keeper gives an adapter, so that no adapter needs a native module. */
export interface LaunchHost {
  /** Opens a pseudo-terminal of the size that the host wants and runs the command on it. */
  openTerminal(command: TerminalCommand): Terminal;
  /**
   * Takes over a connection from inside of the bottle; it is the bottle's HTTP proxy. Called in the turn in which the connection
   * is made. Needed where `BottleSpec.egress` is.
   */
  serveEgress?(connection: Duplex): void;
}
