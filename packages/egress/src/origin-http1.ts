import { Agent, type ClientRequestArgs, type IncomingMessage, request as send } from 'node:http';
import type { Duplex } from 'node:stream';
import { EgressError } from './errors.js';
import { pairsOf, valuesOf } from './headers.js';
import type { OriginCall, OriginEvents, OriginRequest, OriginResponse } from './origin-call.js';

/** Milliseconds that a connection is kept without a request: less than what servers keep it (Node's 5 s are the shortest in use). */
const KEPT_MS = 4000;
/** As many as a bottle may have of its own: what is closed when many are free at once is missed, with its TLS, a moment later. */
const KEPT_CONNECTIONS = 1024;
/** Bytes of an answer's head. */
const MAX_HEADER_BYTES = 64 * 1024;
/** A request of Node's http, with what its agent must know to connect for it. */
interface AgentRequest extends ClientRequestArgs {
  readonly for: OriginRequest;
}

/** Makes a connection for a request, already with TLS where its target asks for it. */
export type Connect = (request: OriginRequest) => Promise<Duplex>;

/** HTTP/1.1 to origins, over connections that are kept between requests. */
export class Http1Connections extends Agent {
  readonly #connect: Connect;
  #retired = false;

  constructor(connect: Connect) {
    super({ keepAlive: true, maxFreeSockets: KEPT_CONNECTIONS, timeout: KEPT_MS });
    this.#connect = connect;
  }

  /** Keeps nothing any more; what is in use goes on to its end. */
  retire(): void {
    this.#retired = true;
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  /** Resolves when there is a connection. @throws what `connect` throws */
  open(request: OriginRequest, events: OriginEvents): Promise<OriginCall> {
    return new Promise((resolve, reject) => {
      const sent = send({
        agent: this,
        for: request,
        method: request.method,
        path: request.path,
        headers: framed(request),
        maxHeaderSize: MAX_HEADER_BYTES,
      } as AgentRequest);
      // Node's own `signal` option costs several times as much.
      const cut = () => void sent.destroy();
      request.signal.addEventListener('abort', cut);
      sent.once('close', () => request.signal.removeEventListener('abort', cut));
      let connected = false;
      let responded = false;
      sent.once('socket', socket => {
        try {
          events.connected(('remoteAddress' in socket && socket.remoteAddress) || '');
        } catch (error) {
          sent.destroy(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        connected = true;
        resolve({
          body: request.hasBody ? sent : null,
          setTrailers: trailers => sent.addTrailers(pairsOf(trailers)),
        });
      });
      sent.on('information', ({ statusCode, rawHeaders }) => events.information(statusCode, rawHeaders));
      sent.once('response', response => {
        responded = true;
        events.response(received(response));
      });
      sent.once('upgrade', (response, connection, head) => {
        responded = true;
        events.upgraded(received(response), connection, head);
      });
      sent.on('error', cause => {
        if (!connected) reject(cause);
        else if (!responded) events.failed(broken(request, cause), sent.reusedSocket);
        responded = true;
      });
      if (!request.hasBody) sent.end();
    });
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // Node's own returns whether the connection is kept, which its types do not say.
    const kept: unknown = super.keepSocketAlive(socket);
    return kept === true && !this.#retired;
  }

  override getName(request: AgentRequest): string {
    return originName(request.for);
  }

  override createConnection(
    request: AgentRequest,
    callback: (error: Error | null, connection: Duplex) => void,
  ): undefined {
    this.#connect(request.for).then(
      connection => callback(null, connection),
      // Node looks at the error alone.
      callback as (error: Error) => void,
    );
  }
}

/** One pool for each: what may not cross a network must not find a connection that does. */
export function originName({ target: { scheme, host, port }, reach }: OriginRequest): string {
  return `${scheme} ${host} ${port} ${reach.loopbackOnly === true}`;
}

/** What Node adds by itself depends on the method; here the body alone decides (RFC 9112, section 6.3). */
function framed({ method, headers, hasBody }: OriginRequest): string[] {
  const sized = valuesOf(headers, 'content-length').length > 0;
  if (hasBody) return sized ? [...headers] : [...headers, 'Transfer-Encoding', 'chunked'];
  // A length without a body would have the next request on the connection read as one.
  const bare = sized
    ? pairsOf(headers)
        .filter(([name]) => !isLength(name))
        .flat()
    : [...headers];
  // RFC 9110, section 8.6: said for methods that could have one.
  return /^(POST|PUT|PATCH)$/.test(method) ? [...bare, 'Content-Length', '0'] : bare;
}

function isLength(name: string): boolean {
  return name.toLowerCase() === 'content-length';
}

function received(response: IncomingMessage): OriginResponse {
  return {
    status: response.statusCode ?? 0,
    headers: response.rawHeaders,
    body: response,
    hasBody: true,
    isWhole: () => response.complete,
    trailers: () => response.rawTrailers,
  };
}

function broken({ target }: OriginRequest, cause: Error): EgressError {
  return new EgressError(
    'origin-unreachable',
    `${target.host}:${target.port} gave no answer: ${cause.message}`,
    { cause },
  );
}
