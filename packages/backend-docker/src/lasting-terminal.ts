import type { ExitStatus, Terminal, TerminalSize } from '@bot-bottle/backend';

/**
 * Milliseconds after which a new size is told again. The client reads the size, passes it on and only then listens to SIGWINCH
 * (docker/cli, MonitorTtySize): a change in between it would never hear of.
 */
const TELL_AGAIN_MS = [1000, 5000];

/** Octets of input that are kept for the next client. */
const MAX_WAITING = 64 * 1024;
/** Milliseconds until a client that shows nothing has made its terminal a raw one. */
const RAW_MS = 1_000;

/**
 * A bottle's terminal, which outlives the client that shows it: one that was killed, or that a restarted engine cut off, is
 * followed by another, which is given what was typed meanwhile. What the agent showed in between is not shown.
 */
export class LastingTerminal implements Terminal {
  readonly #next: () => Promise<Terminal | null>;
  readonly #dataListeners = new Set<(chunk: Uint8Array) => void>();
  readonly #exitListeners = new Set<(exit: ExitStatus) => void>();
  #current: Terminal;
  #size: TerminalSize | null = null;
  #killed = false;
  #exit: ExitStatus | null = null;
  /** What is typed while no client is there; null while one is. */
  #waiting: Buffer | null = null;

  /** @param next the client after one that has ended; null: the agent has ended too. Must not reject. */
  constructor(first: Terminal, next: () => Promise<Terminal | null>) {
    this.#next = next;
    this.#current = this.#follow(first);
  }

  get pid(): number {
    return this.#current.pid;
  }

  /** Its host let go of it: no other client comes. */
  get killed(): boolean {
    return this.#killed;
  }

  write(data: string | Uint8Array): void {
    if (this.#waiting === null) this.#current.write(data);
    else if (this.#waiting.length < MAX_WAITING)
      this.#waiting = Buffer.concat([this.#waiting, typeof data === 'string' ? Buffer.from(data) : data]);
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#current.resize(size);
    const client = this.#current;
    for (const ms of TELL_AGAIN_MS) setTimeout(() => client.kill('SIGWINCH'), ms).unref();
  }

  onData(listener: (chunk: Uint8Array) => void): () => void {
    this.#dataListeners.add(listener);
    return () => this.#dataListeners.delete(listener);
  }

  onExit(listener: (exit: ExitStatus) => void): void {
    const exit = this.#exit;
    if (exit === null) this.#exitListeners.add(listener);
    else queueMicrotask(() => listener(exit));
  }

  kill(signal: NodeJS.Signals): void {
    this.#killed = true;
    this.#current.kill(signal);
  }

  #follow(terminal: Terminal): Terminal {
    terminal.onData(chunk => {
      for (const listener of this.#dataListeners) listener(chunk);
    });
    terminal.onExit(exit => void this.#ended(exit));
    return terminal;
  }

  async #ended(exit: ExitStatus): Promise<void> {
    this.#waiting ??= Buffer.alloc(0);
    const next = this.#killed ? null : await this.#next();
    if (next !== null) {
      this.#current = this.#follow(next);
      this.#handOver(next);
      if (this.#size !== null) next.resize(this.#size);
      if (this.#killed) next.kill('SIGKILL');
      return;
    }
    this.#exit = exit;
    for (const listener of this.#exitListeners) listener(exit);
  }

  /** What was typed meanwhile; not before the terminal is a raw one, where ctrl-c would end the client. */
  #handOver(client: Terminal): void {
    const ready = (): void => {
      stop();
      clearTimeout(timer);
      if (client !== this.#current || this.#waiting === null) return;
      client.write(this.#waiting);
      this.#waiting = null;
    };
    const stop = client.onData(ready);
    const timer = setTimeout(ready, RAW_MS);
  }
}
