import * as http2 from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { EgressError } from './errors.js';
import { toObject } from './headers.js';
import type { OriginCall, OriginEvents, OriginRequest } from './origin-call.js';
import { sendTrailers } from './send-trailers.js';

/** Milliseconds that a connection is kept on which nothing happens. */
const IDLE_MS = 60_000;
/** Flow control: what an origin may send ahead of a slow bottle; per stream, and per connection. Node's own 64 KiB make one round trip each. */
const STREAM_WINDOW = 1 << 20;
const CONNECTION_WINDOW = 8 << 20;
/** MiB that Node may hold for one connection before it refuses new streams; its own default is 10. */
const SESSION_MEMORY = 64;

/** One HTTP/2 connection to an origin. */
export class Http2Connection {
  readonly #session: http2.ClientHttp2Session;
  readonly #address: string;
  readonly #streams = new Set<http2.ClientHttp2Stream>();
  #usable = true;
  #used = false;

  /** @param ahead the origin may send far ahead of a slow bottle, and the proxy holds as much: not on every connection */
  constructor(socket: TLSSocket, ahead: boolean) {
    this.#address = socket.remoteAddress ?? '';
    // Before Node's own listener, which would end the streams as if they were complete.
    socket.on('close', () => this.#lost());
    this.#session = http2.connect('https://origin.invalid', {
      createConnection: () => socket,
      settings: { enablePush: false, ...(ahead && { initialWindowSize: STREAM_WINDOW }) },
      maxSessionMemory: SESSION_MEMORY,
    });
    this.#session.once('connect', () => {
      if (ahead && !this.#over) this.#session.setLocalWindowSize(CONNECTION_WINDOW);
    });
    this.#session.setTimeout(IDLE_MS, () => this.retire());
    this.#session.on('goaway', () => this.retire());
    this.#session.on('error', () => {}); // every stream is told by itself
  }

  /** Whether another request may go over it. */
  get usable(): boolean {
    if (this.#over) return false;
    const most = this.#session.remoteSettings?.maxConcurrentStreams ?? 100;
    return this.#streams.size < most;
  }

  /** A session that fails is destroyed and never `closed`, and its socket is open for a while. */
  get #over(): boolean {
    return !this.#usable || this.#session.closed || this.#session.destroyed;
  }

  /** Takes no request any more; closes when those under way are over. */
  retire(): void {
    this.#usable = false;
    if (!this.#session.closed) this.#session.close();
  }

  open(request: OriginRequest, events: OriginEvents): OriginCall {
    events.connected(this.#address);
    const stream = this.#session.request(requestHeaders(request), {
      endStream: !request.hasBody,
      waitForTrailers: request.hasBody,
      signal: request.signal,
    });
    this.#streams.add(stream);
    const again = this.#used;
    this.#used = true;
    let responded = false;
    let failure: Error | null = null;
    let trailers: readonly string[] = [];
    let ownTrailers: readonly string[] = [];
    stream.on('wantTrailers', () => sendTrailers(stream, ownTrailers));
    stream.on('headers', headers => events.information(Number(headers[':status']), toRaw(headers)));
    stream.on('response', (headers, flags) => {
      responded = true;
      events.response({
        status: Number(headers[':status']),
        headers: toRaw(headers),
        body: stream,
        hasBody: (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) === 0,
        isWhole: () => stream.rstCode === http2.constants.NGHTTP2_NO_ERROR,
        trailers: () => trailers,
      });
    });
    stream.on('trailers', headers => {
      trailers = toRaw(headers);
    });
    stream.on('error', error => {
      failure = error;
    });
    stream.on('close', () => {
      this.#streams.delete(stream);
      // Where the connection goes on, the origin has refused this very request: asked again, it could refuse it for ever.
      if (!responded) events.failed(broken(request, failure), again && this.#over);
    });
    return {
      body: request.hasBody ? stream : null,
      setTrailers: raw => {
        ownTrailers = raw;
      },
    };
  }

  #lost(): void {
    this.#usable = false;
    for (const stream of this.#streams) {
      // Closed: it has come in whole, and is still being read.
      if (!stream.closed) stream.destroy(new Error('the connection was lost'));
    }
  }
}

function requestHeaders({ method, path, headers, target }: OriginRequest): http2.OutgoingHttpHeaders {
  const { host = `${target.host}:${target.port}`, ...rest } = toObject(headers);
  return {
    ...rest,
    ':method': method,
    ':scheme': 'https',
    ':authority': String(host),
    ':path': path,
    te: 'trailers', // they are passed on; gRPC's servers ask for this
  };
}

/** Names and values in turn, without pseudo-headers. */
function toRaw(headers: http2.IncomingHttpHeaders): string[] {
  return Object.entries(headers)
    .filter(([name]) => !name.startsWith(':'))
    .flatMap(([name, value]) => [value ?? []].flat().flatMap(one => [name, one]));
}

function broken({ target }: OriginRequest, cause: Error | null): EgressError {
  const why = cause?.message ?? 'it closed the stream';
  return new EgressError('origin-unreachable', `${target.host}:${target.port} gave no answer: ${why}`, {
    ...(cause && { cause }),
  });
}
