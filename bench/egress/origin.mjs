// The origin, in a process of its own: raw sockets and next to no HTTP, so that it costs less than what is measured.
//   /        130 bytes        /bytes/N   N bytes        POST anything   reads the body, answers 130 bytes
//   /stream  five server-sent events, 10 ms apart, each with the time at which it was written
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const BODY = `${'x'.repeat(129)}\n`; // no header line ends so: a reader knows it by its end
const SMALL = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
);
const CHUNK = Buffer.alloc(256 * 1024);
const MARK = 0x01; // stands before the requests in a bare tunnel, see client.mjs
const EVENTS = 5;
const EVENT_MS = 10;

function serve(socket) {
  let head = null; // of a request, as far as it has come
  let body = 0; // bytes of a request's body still to come
  socket.on('error', () => {});
  socket.on('data', data => {
    if (body > 0) {
      body -= data.length;
      if (body <= 0) socket.write(SMALL);
      return;
    }
    head = head === null ? data : Buffer.concat([head, data]);
    const end = head.indexOf('\r\n\r\n') + 4;
    if (end === 3) return;
    const text = head.toString('latin1', head[0] === MARK ? 1 : 0, end);
    const rest = head.length - end;
    head = null;
    // No second request comes before the first is answered.
    const [method, path] = text.split(' ', 2);
    if (path.startsWith('/bytes/')) return download(socket, Number(path.slice(7)));
    if (path === '/stream') return stream(socket);
    if (method === 'POST') body = Number(/content-length: (\d+)/i.exec(text)[1]) - rest;
    if (body <= 0) socket.write(SMALL);
  });
}

function download(socket, bytes) {
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  let left = bytes;
  const write = () => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!socket.write(chunk)) return void socket.once('drain', write);
    }
  };
  write();
}

function stream(socket) {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
  let sent = 0;
  const write = () => {
    const last = ++sent === EVENTS;
    if (last || socket.destroyed) clearInterval(timer);
    const event = `data: ${process.hrtime.bigint()}\n\n`;
    socket.write(`${event.length.toString(16)}\r\n${event}\r\n${last ? '0\r\n\r\n' : ''}`);
  };
  const timer = setInterval(write, EVENT_MS);
  write();
}

const [certFile, keyFile] = process.argv.slice(2);
const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile), noDelay: true };
const servers = [createServer({ noDelay: true }, serve), createTlsServer(tls, serve)];
const ports = [];
for (const server of servers) {
  await new Promise(resolve => server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, resolve));
  ports.push(server.address().port);
}
process.send({ plain: ports[0], tls: ports[1] });
process.on('disconnect', () => process.exit());
