import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Conversation, Dialect, JsonObject, Reply } from './dialect.js';

/** What the server saw of one request. */
export interface SeenRequest {
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
  const seen: SeenRequest[] = [];
  const onRequest: RequestListener = (request, response) => {
    answer(options, seen, request, response).catch(error => response.destroy(error));
  };
  const server = options.tls ? createTlsServer(options.tls, onRequest) : createServer(onRequest);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { dialect, key: trueKey, next }: ModelOptions,
  seen: SeenRequest[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? '';
  const { pathname: path } = new URL(request.url ?? '/', 'http://model');
  const body = await text(request);
  const key = dialect.keyOf(request.headers);
  const isTurn = method === 'POST' && dialect.isTurn(path);
  const conversation = isTurn ? dialect.read(path, JSON.parse(body) as JsonObject) : null;
  seen.push({ method, path, key, conversation });
  if (key !== trueKey) {
    return send(response, 401, { error: { type: 'authentication_error', message: 'wrong key' } });
  }
  if (conversation === null) {
    const found = dialect.side(method, path);
    return send(response, found ? 200 : 404, found ?? { error: { message: 'not found' } });
  }
  const reply = await next(conversation);
  const turn = seen.length;
  if (!conversation.streamed) return send(response, 200, dialect.whole(reply, turn));
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const { event, data } of dialect.stream(reply, turn)) {
    const payload = typeof data === 'string' ? data : JSON.stringify(data);
    response.write(`${event === undefined ? '' : `event: ${event}\n`}data: ${payload}\n\n`);
  }
  response.end();
}

function send(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
