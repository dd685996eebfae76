import { isIP, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { EgressError } from './errors.js';
import type { Target } from './target.js';
import { fromPem, toPem } from './tls/pem.js';

/** Origins whose sessions are kept for resumption. */
const MAX_SESSIONS = 256;

export interface OriginTlsOptions {
  /** The authorities that origins' certificates are checked against, beside Node's own (DER); asked once, when first needed. */
  readonly roots: () => readonly Uint8Array[];
  /** Milliseconds that a handshake may take. */
  readonly handshakeMs: number;
}

/** TLS to origins: what the bottle could have checked by itself if its own TLS were not ended, is checked here. */
export class OriginTls {
  readonly #options: OriginTlsOptions;
  readonly #sessions = new Map<string, Buffer>();
  #context: tls.SecureContext | null = null;

  constructor(options: OriginTlsOptions) {
    this.#options = options;
  }

  /**
   * TLS over a connection to an origin, which must prove that it is `target.host`. `protocols`: for ALPN.
   * @throws EgressError 'origin-unreachable'; the connection is destroyed
   */
  secure(socket: Socket, target: Target, protocols: readonly string[]): Promise<tls.TLSSocket> {
    const { host, port } = target;
    const key = `${host} ${port} ${protocols.join()}`;
    const session = this.#sessions.get(key);
    const connection = tls.connect({
      socket,
      host,
      ...(isIP(host) === 0 && { servername: host }), // RFC 6066, section 3: no addresses
      ...(session && { session }),
      secureContext: this.#trusting(),
      ALPNProtocols: [...protocols],
    });
    connection.on('session', ticket => this.#keep(key, ticket));
    return new Promise((resolve, reject) => {
      const fail = (cause: Error) => {
        clearTimeout(timer);
        socket.destroy();
        this.#sessions.delete(key);
        const message = `${host}:${port} cannot be reached: its TLS failed: ${cause.message}`;
        reject(new EgressError('origin-unreachable', message, { cause }));
      };
      const timer = setTimeout(() => fail(new Error('no answer in time')), this.#options.handshakeMs);
      const onClose = () => fail(new Error('it closed the connection'));
      connection.once('close', onClose);
      connection.once('error', fail);
      connection.once('secureConnect', () => {
        clearTimeout(timer);
        connection.off('close', onClose);
        connection.off('error', fail);
        // From here on whoever uses it listens to its end; an error must find a listener at any time.
        connection.on('error', () => {});
        resolve(connection);
      });
    });
  }

  #trusting(): tls.SecureContext {
    this.#context ??= tls.createSecureContext({ ca: authorities(this.#options.roots()) });
    return this.#context;
  }

  #keep(key: string, ticket: Buffer): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, ticket);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
  }
}

function authorities(roots: readonly Uint8Array[]): string[] {
  // Node 22.15, 23.10 and newer: with what --use-system-ca and NODE_EXTRA_CA_CERTS add.
  const own = tls.getCACertificates?.('default') ?? tls.rootCertificates;
  return [...new Set([...own.flatMap(fromPem), ...roots].map(toPem))];
}
