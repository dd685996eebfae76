import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Http1Call } from './client-http1.js';
import type { Context } from './context.js';
import { answerBytes, denialAnswer } from './denial.js';
import { deny, exchange } from './exchange.js';
import { type NoTarget, requestTarget } from './request-target.js';
import { endWith } from './splice.js';
import type { HttpTarget } from './target.js';

/** Requests on one connection that are not answered yet; a client that sends more is cut off. */
const MAX_PIPELINED = 32;

/** A connection on which requests come. */
interface Line {
  /** Null: it came to the proxy itself. */
  readonly bound: HttpTarget | null;
  running: number;
  deadline: NodeJS.Timeout | undefined;
}

/** Called with what a CONNECT came on; nothing has been answered. */
export type OnConnect = (request: IncomingMessage, connection: Duplex, head: Buffer) => void;

/** Reads HTTP/1.1 requests from connections, strictly, and has each of them served. */
export class RequestServer {
  readonly #server: Server;
  readonly #lines = new WeakMap<Duplex, Line>();

  constructor(
    private readonly context: Context,
    private readonly onConnect: OnConnect,
  ) {
    const options = {
      insecureHTTPParser: false, // whatever NODE_OPTIONS of the host say
      maxHeaderSize: context.limits.headerBytes,
      requireHostHeader: false, // requestTarget does, and the log shows it
      noDelay: true,
      // Java's client asks for h2c everywhere; such a request is served as if it had not. (From Node 22.21 and 24.9 on.)
      shouldUpgradeCallback: isWebSocket,
    };
    this.#server = createServer(options);
    // A connection has one deadline for its next request, kept here.
    Object.assign(this.#server, {
      maxHeadersCount: 0,
      headersTimeout: 0,
      requestTimeout: 0,
      keepAliveTimeout: 0,
    });
    const serve = (request: IncomingMessage, response: ServerResponse) => this.#serve(request, response);
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.#server.on(event, serve);
    this.#server.on('upgrade', (request, connection, head) => this.#upgrade(request, connection, head));
    this.#server.on('connect', (request, connection, head) => this.#connect(request, connection, head));
    this.#server.on('clientError', (error, connection) => this.#broken(error, connection));
  }

  /** `bound`: every request is for this target; null: each names its own, as requests to a proxy do. */
  serve(connection: Duplex, bound: HttpTarget | null): void {
    const line: Line = { bound, running: 0, deadline: undefined };
    this.#lines.set(connection, line);
    connection.setMaxListeners(0); // each request listens to its end
    connection.on('error', () => {});
    connection.once('close', () => clearTimeout(line.deadline));
    this.#await(connection, line);
    this.#server.emit('connection', connection);
    connection.resume(); // where it was read before, it stands still
  }

  #await(connection: Duplex, line: Line): void {
    clearTimeout(line.deadline);
    line.deadline = setTimeout(() => connection.destroy(), this.context.limits.headerMs).unref();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const connection = request.socket;
    const line = this.#lines.get(connection);
    if (!line) {
      connection.destroy();
      return;
    }
    clearTimeout(line.deadline);
    line.running++;
    response.once('close', () => {
      line.running--;
      if (line.running === 0 && !connection.destroyed) this.#await(connection, line);
    });
    const where = requestTarget(request, line.bound);
    const call = new Http1Call(request, response);
    if ('rule' in where) this.#deny(call, line, where);
    else if (line.running <= MAX_PIPELINED) exchange(call, where, this.context);
    else this.#deny(call, line, { rule: 'malformed', target: where.target });
  }

  #upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    const line = this.#lines.get(connection);
    clearTimeout(line?.deadline);
    if (line && line.running > 0) {
      this.#refuse(connection, request.method ?? null, line);
      return;
    }
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(connection as Socket);
    response.once('finish', () => endWith(connection, ''));
    const where = requestTarget(request, line?.bound ?? null);
    // An older Node leaves it to us to serve a request as if it asked for no upgrade.
    const call = new Http1Call(request, response, isWebSocket(request) ? { connection, head } : undefined);
    if ('rule' in where) this.#deny(call, line, where);
    else if (line) exchange(call, where, this.context);
    else this.#deny(call, line, { rule: 'malformed', target: where.target });
  }

  #connect(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    const line = this.#lines.get(connection);
    clearTimeout(line?.deadline);
    // A tunnel through a tunnel would go where nobody judged.
    if (line?.bound === null && line.running === 0) this.onConnect(request, connection, head);
    else this.#refuse(connection, 'CONNECT', line);
  }

  #broken(error: NodeJS.ErrnoException, connection: Duplex): void {
    const line = this.#lines.get(connection);
    const parsed = error.code?.startsWith('HPE_') === true;
    // A client that leaves in the middle of a body breaks no rule.
    const left = error.code === 'HPE_INVALID_EOF_STATE' && (line?.running ?? 0) > 0;
    if (parsed && !left && connection.writable) this.#refuse(connection, null, line);
    else connection.destroy();
  }

  #refuse(connection: Duplex, method: string | null, line: Line | undefined): void {
    const { bottle, journal, policy } = this.context;
    const attempt = this.#attempt(method, line);
    clearTimeout(line?.deadline);
    journal.denied(attempt, { rule: 'malformed', generation: policy().generation });
    // Within an answer, another one would be read as part of it.
    if (line && line.running > 0) connection.destroy();
    else endWith(connection, answerBytes(denialAnswer({ ...attempt, bottle, rule: 'malformed' }, 'text')));
  }

  #deny(call: Http1Call, line: Line | undefined, { rule, target }: NoTarget): void {
    const attempt = this.#attempt(call.method, line);
    deny(
      call,
      target ? { ...attempt, host: target.host, port: target.port } : attempt,
      { rule },
      this.context,
    );
  }

  #attempt(method: string | null, line: Line | undefined) {
    return { method, host: line?.bound?.host ?? '', port: line?.bound?.port ?? 0 };
  }
}

function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}
