// A client's connection through a proxy (or without one), as cheap as Node makes it.
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

/** The origin's name, so that proxies look it up, and TLS names it. */
export const ORIGIN = 'localhost';

/** One buffer for all: what is read is looked at before the next read. */
const buffer = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * @typedef {{ way: 'direct' | 'tunnel' | 'plain', tls: boolean, proxy: number | null, origin: number, ca: string | null }} Path
 * `proxy` and `origin` are ports of 127.0.0.1; `ca` is PEM: what to trust; `host`: another name than ORIGIN for CONNECT
 */

/**
 * The head of a request, in the form that the way asks for. In a bare tunnel a byte stands in front, which the origin skips: no
 * proxy takes it for HTTP, and what is measured is the tunnel.
 */
export function head({ way, tls, origin }, method, path, headers = '') {
  const mark = way === 'tunnel' && !tls ? '\x01' : '';
  const target = way === 'plain' ? `http://${ORIGIN}:${origin}${path}` : path;
  return Buffer.from(
    `${mark}${method} ${target} HTTP/1.1\r\nHost: ${ORIGIN}:${origin}\r\n${headers}\r\n`,
    'latin1',
  );
}

/**
 * Resolves when requests may be sent. What `onData` gets is overwritten afterwards. Rejects with Denied where the proxy says no.
 * @param {Path} path
 * @param {(data: Buffer) => void} onData
 * @param {() => void} onClose
 * @returns {Promise<import('node:net').Socket>}
 */
export async function open(path, onData, onClose = () => {}) {
  const reader = {
    read: onData,
    take(data) {
      this.read(data);
      return true; // go on reading
    },
  };
  const raw = connectTcp({
    port: path.way === 'direct' ? path.origin : path.proxy,
    host: '127.0.0.1',
    noDelay: true,
    // A TLS layer reads the connection itself.
    ...(path.tls
      ? {}
      : { onread: { buffer, callback: (bytes, data) => reader.take(data.subarray(0, bytes)) } }),
  });
  await once(raw, 'connect');
  if (path.way === 'tunnel') await tunnel(raw, path, reader);
  const socket = path.tls ? connectTls({ socket: raw, servername: ORIGIN, ca: path.ca }) : raw;
  if (path.tls) await once(socket, 'secureConnect');
  reader.read = onData;
  if (path.tls) socket.on('data', onData);
  socket.on('error', () => {}); // a close follows
  socket.on('close', onClose);
  return socket;
}

/** The proxy's answer to a CONNECT that it denied. */
export class Denied extends Error {}

/** Asks for a new tunnel each millisecond until one is denied; when that was, as process.hrtime.bigint() has it. */
export async function firstDenial(path) {
  for (;;) {
    try {
      (await open(path, () => {})).destroy();
    } catch (error) {
      if (error instanceof Denied) return process.hrtime.bigint();
      throw error;
    }
    await wait(1);
  }
}

function tunnel(raw, path, reader) {
  let text = '';
  const answered = new Promise((resolve, reject) => {
    reader.read = data => {
      text += data.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      raw.off('data', reader.read);
      if (/^HTTP\/1\.[01] 200/.test(text)) resolve();
      else reject(new Denied(text));
    };
    if (path.tls) raw.on('data', reader.read);
    raw.once('close', () => reject(new Error('the proxy closed the connection')));
  });
  raw.on('error', () => {});
  raw.write(head({ way: 'direct', origin: path.origin }, 'CONNECT', `${path.host ?? ORIGIN}:${path.origin}`));
  return answered;
}
