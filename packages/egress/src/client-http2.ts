import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import type { ClientCall } from './client-call.js';
import { type RawHeaders, toObject } from './headers.js';
import { sendTrailers } from './send-trailers.js';

/** A request that came as HTTP/2, on a stream of its own. */
export class Http2Call implements ClientCall {
  readonly method: string;
  readonly headers: RawHeaders;
  readonly body: Readable | null;
  readonly upgrade = null;
  #trailers: RawHeaders = [];
  #ownTrailers: RawHeaders = [];

  /** `headers`: without pseudo-headers, and with `Host`. */
  constructor(
    private readonly stream: ServerHttp2Stream,
    method: string,
    headers: RawHeaders,
  ) {
    this.method = method;
    this.headers = headers;
    this.body = stream.endAfterHeaders ? null : stream;
    stream.on('error', () => {});
    stream.on('trailers', (_: IncomingHttpHeaders, __: number, raw: RawHeaders) => {
      this.#trailers = raw;
    });
    stream.on('wantTrailers', () => sendTrailers(stream, this.#ownTrailers));
  }

  isWhole(): boolean {
    return this.stream.rstCode === constants.NGHTTP2_NO_ERROR && !this.stream.aborted;
  }

  trailers(): RawHeaders {
    return this.#trailers;
  }

  get answered(): boolean {
    return this.stream.headersSent;
  }

  inform(status: number, headers: RawHeaders): void {
    if (!this.stream.destroyed) this.stream.additionalHeaders({ ...toObject(headers), ':status': status });
  }

  answer(status: number, headers: RawHeaders, hasBody: boolean): Writable {
    const { stream } = this;
    const options = { endStream: !hasBody, waitForTrailers: hasBody, sendDate: false };
    if (!stream.destroyed) stream.respond({ ...toObject(headers), ':status': status }, options);
    return stream;
  }

  setTrailers(trailers: RawHeaders): void {
    this.#ownTrailers = trailers;
  }

  closeAfter(): void {
    // Streams are framed by themselves: nothing that one of them carries can be read as part of another.
  }

  cut(): void {
    if (!this.stream.writableEnded) this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  onOver(listener: (sent: boolean) => void): void {
    const { stream } = this;
    stream.once('close', () =>
      listener(stream.writableFinished && stream.rstCode === constants.NGHTTP2_NO_ERROR),
    );
  }
}
