import { METHODS } from 'node:http';
import { type ClientHello, parseClientHello } from './client-hello.js';

/** What a tunnel carries, by the first bytes that the client sends. `broken`: it would be TLS, and is malformed. */
export type Protocol = 'more' | 'http' | 'other' | 'broken' | ClientHello;

const TLS_HANDSHAKE = 22;
const STARTS = METHODS.map(method => `${method} `);
const LONGEST = Math.max(...STARTS.map(start => start.length));

export function protocolOf(bytes: Uint8Array): Protocol {
  if (bytes.length === 0) return 'more';
  if (bytes[0] === TLS_HANDSHAKE) {
    if (bytes.length > 1 && bytes[1] !== 3) return 'other';
    const hello = parseClientHello(bytes);
    return hello === 'invalid' ? 'broken' : hello;
  }
  const text = Buffer.from(bytes.subarray(0, LONGEST)).toString('latin1');
  if (STARTS.some(start => text.startsWith(start))) return 'http';
  return STARTS.some(start => start.startsWith(text)) ? 'more' : 'other';
}
