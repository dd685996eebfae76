import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that says what no library would. */
export class Wire {
  readonly socket: Socket;
  /** All that came, in Latin-1. */
  heard = '';
  #closed = false;
  #changed: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.heard += text;
      this.#changed();
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.#closed = true;
        this.#changed();
      });
    }
  }

  static async open(port: number): Promise<Wire> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new Wire(socket);
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Resolves when so many whole answers came, or the other side has ended. */
  async answers(count = 1): Promise<Answer[]> {
    for (;;) {
      const answers = parseAnswers(this.heard);
      if (answers.length >= count || this.#closed) return answers;
      await this.#change();
    }
  }

  /** Resolves when the other side has ended, with all that came. */
  async end(): Promise<string> {
    while (!this.#closed) await this.#change();
    return this.heard;
  }

  close(): void {
    this.socket.destroy();
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#changed = resolve;
    });
  }
}

export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The whole answers at the beginning of what came; that to a CONNECT has no body. */
export function parseAnswers(heard: string): Answer[] {
  const answers: Answer[] = [];
  let rest = heard;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const match = /^HTTP\/1\.1 (\d{3}) ([^\r]*)\r\n/.exec(rest);
    if (end < 0 || !match) return answers;
    const lines = rest.slice(match[0].length, end).split('\r\n').filter(Boolean);
    const headers = Object.fromEntries(
      lines.map(line => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const length = Number(headers['content-length'] ?? 0);
    const body = rest.slice(end + 4, end + 4 + length);
    if (body.length < length) return answers;
    answers.push({ status: Number(match[1]), headers, body });
    rest = rest.slice(end + 4 + length);
  }
}
