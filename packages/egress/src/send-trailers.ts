import { constants, type Http2Stream } from 'node:http2';
import { type RawHeaders, toObject } from './headers.js';

/** Ends an HTTP/2 stream with trailers; those that Node refuses, such as some that are repeated, end that stream alone. */
export function sendTrailers(stream: Http2Stream, trailers: RawHeaders): void {
  try {
    stream.sendTrailers(toObject(trailers));
  } catch {
    stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
  }
}
