import { once } from 'node:events';
import { closeBottles } from '../bottle.js';
import { dialTls, HOST, inspectedBottle } from '../inspected.js';
import { closeOrigins, startOrigin } from '../origin.js';

afterEach(async () => {
  await closeBottles();
  await closeOrigins();
});

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const [DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY] = [0, 1, 3, 4, 7];
const [END_STREAM, END_HEADERS] = [1, 4];

/** RFC 9113, section 4.1. */
function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header that no library would send, as it is (RFC 7541, section 6.2.2). */
function literal([name, value]: readonly [string, string]): Buffer {
  const text = (part: string) => {
    const bytes = Buffer.from(part, 'latin1');
    return Buffer.concat([
      bytes.length < 127 ? Buffer.from([bytes.length]) : Buffer.from([127, bytes.length - 127]),
      bytes,
    ]);
  };
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

type Headers = readonly (readonly [string, string])[];

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: api.test\r\n\r\n';
const pseudo = (change: Record<string, string> = {}): Headers =>
  Object.entries({
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': `${HOST}:PORT`,
    ':path': '/',
    ...change,
  });

const ATTEMPTS: readonly [name: string, headers: Headers, body?: string][] = [
  ['nothing wrong', [...pseudo(), ['x', 'y'], ['content-length', '4']], 'body'],
  ['a length of nothing before a body', [...pseudo(), ['content-length', '0']], SMUGGLED],
  ['a length that is shorter than the body', [...pseudo(), ['content-length', '4']], SMUGGLED],
  ['a length that is longer than the body', [...pseudo(), ['content-length', '400']], SMUGGLED],
  [
    'two lengths',
    [...pseudo(), ['content-length', '4'], ['content-length', String(SMUGGLED.length)]],
    SMUGGLED,
  ],
  ['an encoding', [...pseudo(), ['transfer-encoding', 'chunked']], `0\r\n\r\n${SMUGGLED}`],
  [
    'a length and an encoding',
    [...pseudo(), ['transfer-encoding', 'chunked'], ['content-length', '5']],
    `0\r\n\r\n${SMUGGLED}`,
  ],
  ['a line break in a value', [...pseudo(), ['x', `y\r\n\r\n${SMUGGLED}`]]],
  ['a line feed in a value', [...pseudo(), ['x', 'y\nsmuggled: yes']]],
  ['a NUL in a value', [...pseudo(), ['x', 'y\0smuggled']]],
  ['a line break in a name', [...pseudo(), ['x: y\r\nsmuggled', 'z']]],
  ['a colon in a name', [...pseudo(), ['transfer-encoding:', 'chunked']]],
  ['a name in capitals', [...pseudo(), ['Transfer-Encoding', 'chunked']]],
  ['an empty name', [...pseudo(), ['', 'smuggled']]],
  [
    'a request line in the method',
    pseudo({ ':method': `GET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\nGET` }),
  ],
  ['a space in the method', pseudo({ ':method': 'GET /smuggled' })],
  ['a request line in the path', pseudo({ ':path': `/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\nGET /smuggled` })],
  ['a space in the path', pseudo({ ':path': '/smuggled HTTP/1.1' })],
  ['a line break in the authority', pseudo({ ':authority': `${HOST}:PORT\r\nsmuggled: yes` })],
  ['user-info in the authority', pseudo({ ':authority': `smuggled@${HOST}:PORT` })],
  ['no authority', pseudo().filter(([name]) => name !== ':authority')],
  ['a host beside the authority', [...pseudo(), ['host', 'smuggled.test']]],
  ['two authorities', [...pseudo(), [':authority', 'smuggled.test']]],
  ['two paths', [...pseudo(), [':path', '/smuggled']]],
  ['a pseudo-header after the others', [...pseudo().slice(0, 3), ['x', 'y'], [':path', '/smuggled']]],
  ['a pseudo-header that there is not', [...pseudo(), [':smuggled', 'yes']]],
  ['a protocol, without leave', [...pseudo({ ':method': 'CONNECT' }), [':protocol', 'websocket']]],
  ['a header of one connection', [...pseudo(), ['connection', 'keep-alive, smuggled']]],
  ['an upgrade', [...pseudo(), ['upgrade', 'smuggled']]],
];

describe.each(['https', 'h2'] as const)(
  'A message of HTTP/2 that is none, to an origin that speaks %s:',
  speaks => {
    it.each(ATTEMPTS.map(([name, headers, body = '']) => [name, headers, body] as const))(
      '%s',
      async (name, headers, body) => {
        const seen: string[] = [];
        const origin = await startOrigin(speaks, (request, response) => {
          seen.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
          request.on('error', () => {});
          request.resume().on('end', () => response.end('taken'));
        });
        const bottle = await inspectedBottle(origin.port);
        const connection = await dialTls(bottle, origin.port, 'h2');
        const said = headers.map(([name, value]) =>
          literal([name, value.replace('PORT', String(origin.port))]),
        );
        connection.write(
          Buffer.concat([
            PREFACE,
            frame(SETTINGS, 0, 0),
            frame(HEADERS, END_HEADERS | (body === '' ? END_STREAM : 0), 1, Buffer.concat(said)),
            ...(body === '' ? [] : [frame(DATA, END_STREAM, 1, Buffer.from(body))]),
          ]),
        );
        const types = await answerTo(connection);
        connection.destroy();
        await closeBottles();
        // The first is well made, and shows that the others could get through.
        if (name === 'nothing wrong') expect(seen).toEqual([expect.stringMatching(/^POST \/ .*"x":"y"/)]);
        else expect(seen.join()).not.toContain('smuggled');
        expect(types.some(type => type === RST_STREAM || type === GOAWAY || type === HEADERS)).toBe(true);
      },
    );
  },
);

/** The types of the frames that come, up to the one that ends the stream. */
async function answerTo(connection: NodeJS.ReadableStream & { destroyed: boolean }): Promise<number[]> {
  let bytes = Buffer.alloc(0);
  const types: number[] = [];
  for (;;) {
    while (bytes.length >= 9 && bytes.length >= 9 + bytes.readUIntBE(0, 3)) {
      const [type, flags] = [bytes.readUInt8(3), bytes.readUInt8(4)];
      types.push(type);
      bytes = bytes.subarray(9 + bytes.readUIntBE(0, 3));
      const ends = (type === HEADERS || type === DATA) && (flags & END_STREAM) !== 0;
      if (ends || type === RST_STREAM || type === GOAWAY) return types;
    }
    const [chunk] = await Promise.race([once(connection, 'data'), once(connection, 'end').then(() => [])]);
    if (chunk === undefined) return types;
    bytes = Buffer.concat([bytes, chunk]);
  }
}
