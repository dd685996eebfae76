import type { ExitStatus, Terminal } from '@bot-bottle/backend';
import { LastingTerminal } from './lasting-terminal.js';

/** A client that notes what it is told, and ends when the test says so. */
class Client implements Terminal {
  readonly pid = 1;
  readonly told: string[] = [];
  readonly #onData = new Set<(chunk: Uint8Array) => void>();
  #onExit: (exit: ExitStatus) => void = () => {};

  show(text: string): void {
    for (const listener of this.#onData) listener(Buffer.from(text));
  }
  end(code: number): void {
    this.#onExit({ code });
  }
  write(data: string | Uint8Array): void {
    this.told.push(`${data}`);
  }
  resize({ columns, rows }: { columns: number; rows: number }): void {
    this.told.push(`${columns}x${rows}`);
  }
  onData(listener: (chunk: Uint8Array) => void): () => void {
    this.#onData.add(listener);
    return () => this.#onData.delete(listener);
  }
  onExit(listener: (exit: ExitStatus) => void): void {
    this.#onExit = listener;
  }
  kill(signal: NodeJS.Signals): void {
    this.told.push(signal);
  }
}

describe('a terminal that outlives its client', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('tells a new size again, for a client that did not listen yet', () => {
    const client = new Client();
    const terminal = new LastingTerminal(client, async () => null);
    terminal.resize({ columns: 123, rows: 45 });
    expect(client.told).toEqual(['123x45']);
    jest.runAllTimers();
    expect(client.told).toEqual(['123x45', 'SIGWINCH', 'SIGWINCH']);
  });

  it.each<[string, (next: Client) => void]>([
    ['shows something', next => next.show('$ ')],
    ['has had time to take the terminal', () => jest.advanceTimersByTime(1000)],
  ])('gives the next client the size, and what was typed once it %s', async (_, ready) => {
    const [first, second] = [new Client(), new Client()];
    let come: (next: Terminal) => void = () => {};
    const terminal = new LastingTerminal(first, () => new Promise<Terminal>(resolve => (come = resolve)));
    terminal.resize({ columns: 100, rows: 30 });
    first.end(1);
    terminal.write('typed ');
    come(second);
    await jest.advanceTimersByTimeAsync(0);
    terminal.write('meanwhile');
    expect(first.told).toEqual(['100x30']);
    expect(second.told).toEqual(['100x30']);
    ready(second);
    terminal.write('now');
    expect(second.told).toEqual(['100x30', 'typed meanwhile', 'now']);
  });

  it('ends with the last client, once', async () => {
    const [first, second] = [new Client(), new Client()];
    const clients: (Terminal | null)[] = [second, null];
    const terminal = new LastingTerminal(first, async () => clients.shift() ?? null);
    const exits: ExitStatus[] = [];
    terminal.onExit(exit => exits.push(exit));
    first.end(1);
    await jest.advanceTimersByTimeAsync(0);
    expect(exits).toEqual([]);
    second.end(7);
    await jest.advanceTimersByTimeAsync(0);
    terminal.onExit(exit => exits.push(exit));
    await jest.advanceTimersByTimeAsync(0);
    expect(exits).toEqual([{ code: 7 }, { code: 7 }]);
  });

  it('takes no other client once its host let go of it', async () => {
    const first = new Client();
    const terminal = new LastingTerminal(first, async () => {
      throw new Error('asked for another client');
    });
    const exits: ExitStatus[] = [];
    terminal.onExit(exit => exits.push(exit));
    terminal.kill('SIGKILL');
    first.end(137);
    await jest.advanceTimersByTimeAsync(0);
    expect(exits).toEqual([{ code: 137 }]);
  });
});
