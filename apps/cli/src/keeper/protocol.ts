/**
 * What a terminal and a keeper say to each other over the control socket (docs/keeper-protocol.md): frames of a 4-byte
 * big-endian payload length, a 1-byte type and the payload. Pure: bytes in, messages out.
 */
import type { ExitStatus, TerminalSize } from '@bot-bottle/backend';

export const PROTOCOL = 1;
/** Bytes of the longest payload; a longer one is malformed. */
export const MAX_PAYLOAD = 64 * 1024;
const HEADER = 5;
const CONTROL = 0;
const DATA = 1;

/** What a client sends; terminal input goes as data frames. */
export type ClientMessage =
  | { readonly type: 'hello'; readonly protocol: number }
  /** Asks for the terminal's output; without a size the client has no say in it. */
  | { readonly type: 'attach'; readonly size: TerminalSize | null; readonly replay: boolean }
  | { readonly type: 'resize'; readonly size: TerminalSize }
  | { readonly type: 'stop'; readonly graceMs: number };

/** What the keeper sends; terminal output goes as data frames. */
export type KeeperMessage =
  | { readonly type: 'hello'; readonly protocol: number; readonly identity: string }
  | {
      readonly type: 'ended';
      readonly exit: ExitStatus;
      readonly kept: boolean;
      readonly notes: readonly string[];
    }
  | { readonly type: 'error'; readonly code: ProtocolErrorCode; readonly message: string };

export type ProtocolErrorCode = 'malformed' | 'protocol-mismatch';

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** One decoded frame: terminal bytes, or a control message that nobody has checked yet. */
export type Frame =
  | { readonly kind: 'data'; readonly data: Uint8Array }
  | { readonly kind: 'control'; readonly message: unknown };

export function encodeControl(message: ClientMessage | KeeperMessage): Uint8Array {
  return frame(CONTROL, new TextEncoder().encode(JSON.stringify(message)));
}

/** One frame per 64 KiB. */
export function* encodeData(data: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < data.length; start += MAX_PAYLOAD) {
    yield frame(DATA, data.subarray(start, start + MAX_PAYLOAD));
  }
}

function frame(type: number, payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_PAYLOAD) {
    throw new ProtocolError('malformed', `a payload of ${payload.length} bytes is over ${MAX_PAYLOAD}`);
  }
  const bytes = new Uint8Array(HEADER + payload.length);
  new DataView(bytes.buffer).setUint32(0, payload.length);
  bytes[4] = type;
  bytes.set(payload, HEADER);
  return bytes;
}

/** Cuts a byte stream into frames, wherever its chunks were split. Holds at most one frame and one chunk. */
export class FrameDecoder {
  #pending: Uint8Array = new Uint8Array(0);

  /** Throws ProtocolError 'malformed'; the decoder is of no use after that. */
  *push(chunk: Uint8Array): Generator<Frame> {
    this.#pending = this.#pending.length === 0 ? chunk : concat(this.#pending, chunk);
    while (this.#pending.length >= HEADER) {
      const view = new DataView(this.#pending.buffer, this.#pending.byteOffset, HEADER);
      const length = view.getUint32(0);
      if (length > MAX_PAYLOAD) {
        throw new ProtocolError('malformed', `a payload of ${length} bytes is over ${MAX_PAYLOAD}`);
      }
      if (this.#pending.length < HEADER + length) {
        break;
      }
      const payload = this.#pending.subarray(HEADER, HEADER + length);
      this.#pending = this.#pending.subarray(HEADER + length);
      yield decode(view.getUint8(4), payload);
    }
  }
}

function decode(type: number, payload: Uint8Array): Frame {
  switch (type) {
    case DATA:
      return { kind: 'data', data: payload };
    case CONTROL:
      try {
        const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
        return { kind: 'control', message: JSON.parse(text) };
      } catch {
        throw new ProtocolError('malformed', 'a control message is not JSON');
      }
    default:
      throw new ProtocolError('malformed', `there is no frame of type ${type}`);
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
