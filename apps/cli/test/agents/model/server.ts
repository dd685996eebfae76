import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Conversation, Dialect, JsonObject, Reply } from './dialect.js';
import { acceptWebSocket } from './websocket.js';

const WRONG_KEY = { error: { type: 'authentication_error', message: 'wrong key' } };

/** What the server saw of one request. */
export interface SeenRequest {
  /** `WEBSOCKET`: a message on such a connection. */
  readonly method: string;
  readonly path: string;
  /** The key that it carried; null: none. */
  readonly key: string | null;
  /** Null: no turn of the conversation. */
  readonly conversation: Conversation | null;
}

export interface ModelServer {
  readonly port: number;
  /** All requests in the order of their arrival. */
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

export interface ModelOptions {
  readonly dialect: Dialect;
  /** The only key that is accepted; any other is answered with 401, as the services do. */
  readonly key: string;
  /** What the model does next: a function of the conversation alone, so that a retry gets the same answer. */
  readonly next: (conversation: Conversation) => Reply | Promise<Reply>;
  /** A certificate and its key in PEM: the server then speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A model service on the host's loopback that speaks one API and plays a script. */
export async function startModelServer(options: ModelOptions): Promise<ModelServer> {
  const service = new ModelService(options);
  const server = options.tls ? createTlsServer(options.tls) : createServer();
  server.on('request', (request, response) => {
    service.answer(request, response).catch(error => response.destroy(error));
  });
  if (options.dialect.converse) {
    server.on('upgrade', (request, socket, head) => service.upgrade(request, socket, head));
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen: service.seen,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
        service.hangUp();
      }),
  };
}

class ModelService {
  readonly seen: SeenRequest[] = [];
  readonly #sockets = new Set<Duplex>();

  constructor(private readonly options: ModelOptions) {}

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { dialect, next } = this.options;
    const { method, path, key } = this.#read(request);
    const body = await text(request);
    const isTurn = method === 'POST' && dialect.isTurn(path);
    const conversation = isTurn ? dialect.read(path, JSON.parse(body) as JsonObject) : null;
    this.seen.push({ method, path, key, conversation });
    if (key !== this.options.key) return send(response, 401, WRONG_KEY);
    if (conversation === null) {
      const found = dialect.side(method, path);
      return send(response, found ? 200 : 404, found ?? { error: { message: 'not found' } });
    }
    const reply = await next(conversation);
    const turn = this.seen.length;
    if (!conversation.streamed) return send(response, 200, dialect.whole(reply, turn));
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    for (const { event, data } of dialect.stream(reply, turn)) {
      const payload = typeof data === 'string' ? data : JSON.stringify(data);
      response.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${payload}\n\n`);
    }
    response.end();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { dialect, next } = this.options;
    const { path, key } = this.#read(request);
    const isRight = key === this.options.key;
    this.seen.push({ method: 'GET', path, key, conversation: null });
    if (!isRight || !dialect.converse || !dialect.isTurn(path)) {
      const status = isRight ? '404 Not Found' : '401 Unauthorized';
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#sockets.add(socket);
    const answer = dialect.converse(async conversation => {
      this.seen.push({ method: 'WEBSOCKET', path, key, conversation });
      return { reply: await next(conversation), turn: this.seen.length };
    });
    acceptWebSocket(request, socket, head, answer);
  }

  /** Upgraded connections are the server's no longer. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #read(request: IncomingMessage) {
    const { pathname: path } = new URL(request.url ?? '/', 'http://model');
    return { method: request.method ?? '', path, key: this.options.dialect.keyOf(request.headers) };
  }
}

function send(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
