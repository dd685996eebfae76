import { performServerHandshake, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Http2Call } from './client-http2.js';
import type { Context } from './context.js';
import { deny, exchange } from './exchange.js';
import { type RawHeaders, valuesOf } from './headers.js';
import { requestTarget } from './request-target.js';
import type { HttpTarget } from './target.js';

/** What the bottle may have under way on one connection. */
const MAX_STREAMS = 128;
/** What it may send ahead of a slow origin; Node's own 64 KiB make one round trip each. */
const STREAM_WINDOW = 1 << 20;
const CONNECTION_WINDOW = 8 << 20;
/** MiB that Node may hold for one connection before it refuses new streams; its own default is 10. */
const SESSION_MEMORY = 64;

/**
 * Serves HTTP/2 on a connection whose every request is for one target.
 * @param ahead the bottle may send far ahead of a slow origin, and the proxy holds as much: not on every connection that it opens
 */
export function serveHttp2(
  connection: TLSSocket,
  target: HttpTarget,
  context: Context,
  ahead: boolean,
): void {
  connection.allowHalfOpen = false; // HTTP/2 has no use for a connection that ends one way
  const session = performServerHandshake(connection, {
    settings: {
      ...(ahead && { initialWindowSize: STREAM_WINDOW }),
      maxConcurrentStreams: MAX_STREAMS,
      maxHeaderListSize: context.limits.headerBytes,
    },
    maxSessionMemory: SESSION_MEMORY,
  });
  if (ahead) session.setLocalWindowSize(CONNECTION_WINDOW);
  let open = 0;
  session.on('error', () => {});
  session.setTimeout(context.limits.headerMs, () => {
    if (open === 0) session.destroy();
  });
  session.on('stream', (stream, _headers, _flags, raw) => {
    open += 1;
    stream.once('close', () => {
      open -= 1;
    });
    serve(stream, raw, target, context);
  });
}

function serve(stream: ServerHttp2Stream, raw: RawHeaders, target: HttpTarget, context: Context): void {
  const pseudo = (name: string) => valuesOf(raw, name)[0];
  const method = pseudo(':method') ?? '';
  const call = new Http2Call(stream, method, withHost(raw));
  const head = { url: pseudo(':path'), httpVersion: '2.0', rawHeaders: call.headers };
  const where =
    pseudo(':scheme') === 'https' ? requestTarget(head, target) : ({ rule: 'malformed' } as const);
  const { host, port } = target;
  if ('rule' in where) deny(call, { method, host, port }, where, context);
  else exchange(call, where, context);
}

/** `:authority` is what HTTP/1.1 says with `Host`; one beside it that differs makes two of them (RFC 9113, section 8.3.1). */
function withHost(raw: RawHeaders): string[] {
  const authorities = [...new Set([...valuesOf(raw, ':authority'), ...valuesOf(raw, 'host')])];
  const headers = authorities.flatMap(authority => ['host', authority]);
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [name = '', value = ''] = [raw[index], raw[index + 1]];
    if (!/^(:.*|host|cookie)$/.test(name)) headers.push(name, value);
  }
  // HTTP/2 may split it, and no other version knows that (RFC 9113, section 8.2.3).
  const cookies = valuesOf(raw, 'cookie');
  if (cookies.length > 0) headers.push('cookie', cookies.join('; '));
  return headers;
}
