import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

interface Frame {
  readonly last: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  readonly bytes: number;
}

/** Accepts a WebSocket and answers each text message with the texts that `answer` returns. No extensions. */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  answer: (text: string) => Promise<readonly string[]>,
): void {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write(`${lines.join('\r\n')}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  let received: Buffer = head;
  let message: Buffer[] = [];
  const take = () => {
    for (let frame = readFrame(received); frame !== null; frame = readFrame(received)) {
      received = received.subarray(frame.bytes);
      if (frame.opcode === CLOSE) socket.end(writeFrame(CLOSE, frame.payload));
      else if (frame.opcode === PING) socket.write(writeFrame(PONG, frame.payload));
      else if (frame.opcode <= TEXT) {
        message.push(frame.payload);
        if (!frame.last) continue;
        const whole = Buffer.concat(message).toString('utf8');
        message = [];
        answer(whole).then(
          texts => texts.forEach(text => void socket.write(writeFrame(TEXT, Buffer.from(text)))),
          error => socket.destroy(error),
        );
      }
    }
  };
  socket
    .on('error', () => {})
    .on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      take();
    });
  take();
}

/** The first frame of what a client sent, which masks each; null: it is not all there. RFC 6455, section 5.2. */
function readFrame(bytes: Buffer): Frame | null {
  if (bytes.length < 2) return null;
  const short = bytes.readUInt8(1) & 0x7f;
  const at = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < at + 4) return null;
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const end = at + 4 + length;
  if (bytes.length < end) return null;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(
    bytes.subarray(at + 4, end).map((byte, index) => byte ^ mask.readUInt8(index % 4)),
  );
  const first = bytes.readUInt8(0);
  return { last: (first & 0x80) !== 0, opcode: first & 0x0f, payload, bytes: end };
}

function writeFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head.writeUInt8(0x80 | opcode, 0);
  if (length < 126) head.writeUInt8(length, 1);
  else if (length < 65_536) head.writeUInt16BE(length, head.writeUInt8(126, 1));
  else head.writeBigUInt64BE(BigInt(length), head.writeUInt8(127, 1));
  return Buffer.concat([head, payload]);
}
