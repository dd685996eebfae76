import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { ClientCall } from './client-call.js';
import { framingOf, pairsOf, type RawHeaders, toObject } from './headers.js';

/** The connection of a request that asks for WebSocket, and what came on it after the request. */
export interface Upgrade {
  readonly connection: Duplex;
  readonly head: Buffer;
}

/** A request that came as HTTP/1.1. */
export class Http1Call implements ClientCall {
  readonly method: string;
  readonly headers: RawHeaders;
  readonly body: Readable | null | undefined;
  readonly upgrade: ClientCall['upgrade'];

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    upgrade?: Upgrade,
  ) {
    this.method = request.method ?? '';
    this.headers = request.rawHeaders;
    const framing = framingOf(request.rawHeaders);
    if (framing === 'none') this.body = null;
    else this.body = framing && !upgrade ? request : undefined;
    this.upgrade = upgrade ? headers => this.#switchProtocols(upgrade, headers) : null;
    response.sendDate = false; // the origin's, or none
    response.on('error', () => {});
  }

  isWhole(): boolean {
    return this.request.complete;
  }

  trailers(): RawHeaders {
    return this.request.rawTrailers;
  }

  get answered(): boolean {
    return this.response.headersSent;
  }

  inform(status: number, headers: RawHeaders): void {
    if (status === 100) this.response.writeContinue();
    if (status !== 103) return;
    try {
      this.response.writeEarlyHints(toObject(headers));
    } catch {
      // Node passes on only `Link` as it knows it; a hint may be left out.
    }
  }

  answer(status: number, headers: RawHeaders): Writable {
    const { response } = this;
    response.writeHead(status, [...headers]);
    // What of the body came together with the head goes out with it, in one write.
    const { socket } = response;
    socket?.cork();
    setImmediate(() => socket?.uncork());
    response.flushHeaders();
    return response;
  }

  setTrailers(trailers: RawHeaders): void {
    this.response.addTrailers(pairsOf(trailers));
  }

  closeAfter(): void {
    this.response.shouldKeepAlive = false;
  }

  cut(): void {
    if (!this.response.writableEnded) this.response.destroy();
  }

  onOver(listener: (sent: boolean) => void): void {
    const { response } = this;
    const { socket } = this.request;
    const over = () => {
      response.off('close', over);
      socket.off('close', over);
      listener(response.writableFinished);
    };
    response.once('close', over);
    // Before Node 24 those that wait behind another one are never told.
    socket.once('close', over);
  }

  #switchProtocols({ connection, head }: Upgrade, headers: RawHeaders): Upgrade {
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
    for (const [name, value] of pairsOf(headers)) lines.push(`${name}: ${value}`);
    this.response.detachSocket(connection as Socket);
    connection.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    return { connection, head };
  }
}
