import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { clientSocket } from '../src/client-socket.js';

/** Who asks (the User-Agent), the method and the path without the API's version. */
export interface Asked {
  readonly by: string;
  readonly method: string;
  readonly path: string;
}

/** How a look-up goes wrong: its connection ends before an answer, or in the middle of one, or the answer is another. */
export type Fault = 'cut' | 'cut midway' | 'refused' | 'nonsense';

const HEAD = 'HTTP/1.1 200 OK\r\nServer: Docker/1 (linux)\r\n';
const SPOILT: Readonly<Record<Fault, string>> = {
  cut: '',
  'cut midway': `${HEAD}Content-Length: 100\r\n\r\n[]`,
  nonsense: `${HEAD}Content-Length: 1\r\n\r\n{`,
  refused: 'HTTP/1.1 500 Internal Server Error\r\nServer: Docker/1 (linux)\r\nContent-Length: 2\r\n\r\n{}',
};

/** A socket in front of the engine's, which notes what is asked of it and spoils the answers to look-ups of ours. */
export class EngineProxy {
  readonly #socket = join(temporaryFolder(), 'engine.sock');
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  readonly asked: Asked[] = [];
  /** Of every look-up of ours, from now on. */
  fault: Fault | null = null;
  /** Told of each look-up of ours before it goes on. */
  onLookUp: (path: string) => void = () => {};

  constructor() {
    const engine = clientSocket(process.env);
    if (engine === null) throw new Error("the tests' engine is to be had by Docker's own client at a socket");
    this.#server = createServer({ allowHalfOpen: true }, client => this.#relay(client, engine));
    // It holds no process of tests that do not close it.
    this.#server.listen(this.#socket).unref();
  }

  /** For DOCKER_HOST. */
  get address(): string {
    return `unix://${this.#socket}`;
  }

  lookUps(): string[] {
    return this.asked
      .filter(({ by, path }) => by === 'bot-bottle' && path !== '/_ping')
      .map(({ path }) => path);
  }

  close(): void {
    this.#server.close();
    for (const connection of this.#connections) connection.destroy();
  }

  #relay(client: Socket, engine: string): void {
    const upstream = connect({ path: engine, allowHalfOpen: true });
    for (const side of [client, upstream]) {
      this.#connections.add(side);
      side
        .on('error', () => {})
        .on('close', () => {
          this.#connections.delete(side);
          client.destroy();
          upstream.destroy();
        });
    }
    client.on('data', chunk => {
      const asked = this.#note(chunk.toString('latin1'));
      if (asked?.by === 'bot-bottle' && asked.path !== '/_ping') {
        this.onLookUp(asked.path);
        if (this.fault !== null) return void client.end(SPOILT[this.fault]);
      }
      upstream.write(chunk);
    });
    client.on('end', () => upstream.end());
    upstream.on('data', chunk => client.write(chunk)).on('end', () => client.end());
  }

  #note(head: string): Asked | null {
    const [, method = '', path = ''] = /^([A-Z]+) (?:\/v[\d.]+)?(\/\S*) HTTP\/1\.1\r\n/.exec(head) ?? [];
    if (method === '') return null;
    const by = /^User-Agent: ([^\s/]+)/im.exec(head)?.[1] ?? '';
    const asked = { by, method, path };
    this.asked.push(asked);
    return asked;
  }
}
