import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer } from 'node:tls';
import { closeBottles } from '../test/bottle.js';
import { dialTls, HOST, inspectedBottle } from '../test/inspected.js';
import { closeOrigins, originAuthority, startOrigin } from '../test/origin.js';

afterEach(async () => {
  await closeBottles();
  await closeOrigins();
});

/** Trailers that HTTP/1.1 lets through, and Node's HTTP/2 throws at. */
const ODD = [
  'Connection: x',
  'Keep-Alive: 5',
  'Upgrade: x',
  'Proxy-Connection: x',
  'TE: gzip',
  'ETag: a\r\nETag: b',
  'Host: x\r\nHost: y',
  'HTTP2-Settings: x',
  '__proto__: x',
  'constructor: x',
];

describe.each(ODD)('the trailers %j', trailers => {
  it('from the bottle end nothing but their request', async () => {
    const origin = await startOrigin('h2', (request, response) => {
      request.resume().on('end', () => response.end('taken'));
    });
    const bottle = await inspectedBottle(origin.port);
    const secure = await dialTls(bottle, origin.port, 'http/1.1');
    secure.write(
      `POST / HTTP/1.1\r\nHost: ${HOST}:${origin.port}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers}\r\n\r\n`,
    );
    expect(await text(secure)).toMatch(/^HTTP\/1\.1 (200|400|502)/);
  });

  it('from an origin end nothing but their answer', async () => {
    const authority = await originAuthority();
    const { cert, key } = authority.issue(HOST);
    const server = createServer({ cert, key }, socket => {
      socket
        .on('error', () => {})
        .once('data', () => {
          socket.end(
            `HTTP/1.1 200 OK\r\nTrailer: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n${trailers}\r\n\r\n`,
          );
        });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const bottle = await inspectedBottle(port);
    const h2 = await dialTls(bottle, port, 'h2');
    const session = connectHttp2(`https://${HOST}:${port}`, { createConnection: () => h2 });
    const stream = session.request({ ':path': '/' }).on('error', () => {});
    const [answer] = await once(stream.resume(), 'response');
    expect(answer[':status']).toBe(200);
    await new Promise(resolve => stream.once('close', resolve));
    session.destroy();
    server.close();
  });
});
