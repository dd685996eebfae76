import { spawn } from '@lydell/node-pty';
import { BUNDLE, type Operator, until } from './cli.js';

/** A person at a real pseudo-terminal that runs one command of the CLI. */
export class PersonAtTerminal {
  readonly #pty: ReturnType<typeof spawn>;
  #shown = '';
  #code: number | null = null;

  constructor(
    operator: Operator,
    args: readonly string[],
    size = { columns: 80, rows: 24 },
    wrap?: readonly string[],
  ) {
    const [file = '', ...rest] = [...(wrap ?? []), process.execPath, BUNDLE, ...args];
    this.#pty = spawn(file, rest, {
      cols: size.columns,
      rows: size.rows,
      cwd: operator.home,
      env: operator.env,
      name: 'xterm-256color',
    });
    this.#pty.onData(text => {
      this.#shown += text;
    });
    this.#pty.onExit(({ exitCode, signal }) => {
      this.#code = signal ? 128 + signal : exitCode;
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** All that the screen was sent. */
  get shown(): string {
    return this.#shown;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows);
  }

  async sees(text: string): Promise<void> {
    try {
      await until(() => this.#shown.includes(text));
    } catch {
      throw new Error(`expected to see ${JSON.stringify(text)} in ${JSON.stringify(this.#shown)}`);
    }
  }

  /** Closes the window, as a person does; the kernel sends SIGHUP. */
  close(): void {
    (this.#pty as unknown as { destroy(): void }).destroy();
  }

  /** The exit code of the command, once it has ended. */
  async exited(): Promise<number> {
    await until(() => this.#code !== null);
    return this.#code ?? -1;
  }
}
