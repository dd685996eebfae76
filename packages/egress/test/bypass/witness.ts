import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** An origin that keeps every byte it is sent, and answers each request `200` with its own name. */
export class Witness {
  /** What came on each connection, in Latin-1; empty: nobody connected. */
  readonly heard: string[] = [];
  readonly #news = new EventEmitter();
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];

  constructor(
    readonly name: string,
    private readonly answer: (head: string) => string = () => ok(name),
  ) {}

  /** Listens at this address; port 0 takes one that is free. */
  async listen(address: string, port = 0): Promise<number> {
    const server = createServer(socket => this.#hear(socket));
    server.listen(port, address);
    await once(server, 'listening');
    this.#servers.push(server);
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('no port');
    return bound.port;
  }

  /** Resolves when something like this came on a connection. */
  async hears(what: RegExp): Promise<void> {
    while (!this.heard.some(text => what.test(text))) await once(this.#news, 'heard');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map(server => new Promise(resolve => server.close(resolve))));
  }

  #hear(socket: Socket): void {
    this.#sockets.add(socket);
    const index = this.heard.push('') - 1;
    let answered = 0;
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.setEncoding('latin1').on('data', (text: string) => {
      const heard = (this.heard[index] ?? '') + text;
      this.heard[index] = heard;
      this.#news.emit('heard');
      const heads = heard.split('\r\n\r\n');
      for (; answered < heads.length - 1; answered++) socket.write(this.answer(heads[answered] ?? ''));
    });
  }
}

export function ok(body: string, headers = ''): string {
  return `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}
