/** What a TLS client says first (RFC 8446, section 4.1.2), as far as it matters here. */
export interface ClientHello {
  /** The `server_name` (RFC 6066, section 3) as sent; null: the client names none. */
  readonly serverName: string | null;
  /** An `encrypted_client_hello` is there: the true server name may be another one. Also true of its GREASE. */
  readonly encrypted: boolean;
}

/** `more`: so far it may be one. `invalid`: it is none, or breaks its grammar, or is too large. */
export type HelloParse = ClientHello | 'more' | 'invalid';

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER = 5;
const MAX_RECORD = 1 << 14; // RFC 8446, section 5.1
const SERVER_NAME = 0;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

/** Bytes of a client hello, and records that it lies in: several times what any client sends. */
const MAX_HELLO_BYTES = 1 << 14;
const MAX_RECORDS = 64;

/** Reads the client hello at the beginning of what a client sent, which may lie in several TLS records. */
export function parseClientHello(bytes: Uint8Array): HelloParse {
  const message = handshakeMessage(bytes);
  if (typeof message === 'string') return message;
  try {
    return readHello(new Reader(message));
  } catch (error) {
    if (error instanceof RangeError) return 'invalid';
    throw error;
  }
}

/** The first handshake message, put together from its records, without its four bytes of header. */
function handshakeMessage(bytes: Uint8Array): Buffer | 'more' | 'invalid' {
  let message: Buffer = Buffer.alloc(0);
  let at = 0;
  for (let records = 0; records < MAX_RECORDS; records++) {
    const header = bytes.subarray(at, at + RECORD_HEADER);
    // legacy_record_version is 3.x, of which x means nothing
    if ((header[0] ?? HANDSHAKE) !== HANDSHAKE || (header[1] ?? 3) !== 3) return 'invalid';
    if (header.length < RECORD_HEADER) return 'more';
    const end = at + RECORD_HEADER + uint16(header, 3);
    if (end === at + RECORD_HEADER || end > at + RECORD_HEADER + MAX_RECORD) return 'invalid';
    message = Buffer.concat([message, bytes.subarray(at + RECORD_HEADER, end)]);
    if (message.length > 0 && message[0] !== CLIENT_HELLO) return 'invalid';
    const length = message.length < 4 ? 4 : 4 + message.readUIntBE(1, 3);
    if (length > MAX_HELLO_BYTES) return 'invalid';
    if (message.length >= 4 && message.length >= length) return message.subarray(4, length);
    if (bytes.length < end) return 'more';
    at = end;
  }
  return 'invalid';
}

function readHello(hello: Reader): ClientHello {
  hello.skip(2 + 32); // legacy_version, random
  hello.vector(1); // legacy_session_id
  hello.vector(2); // cipher_suites
  hello.vector(1); // legacy_compression_methods
  let serverName: string | null = null;
  let encrypted = false;
  const seen = new Set<number>();
  if (hello.done) return { serverName, encrypted }; // before TLS 1.3 there may be no extensions
  const extensions = hello.vector(2);
  if (!hello.done) throw new RangeError('bytes after the extensions');
  while (!extensions.done) {
    const type = extensions.uint16();
    const data = extensions.vector(2);
    // Two of one kind: two servers could take one each.
    if (seen.has(type)) throw new RangeError('an extension twice');
    seen.add(type);
    if (type === SERVER_NAME) serverName = readServerName(data);
    if (type === ENCRYPTED_CLIENT_HELLO) encrypted = true;
  }
  return { serverName, encrypted };
}

/** A list of one host name: more of one type are forbidden, and no other type was ever defined. */
function readServerName(data: Reader): string {
  const list = data.vector(2);
  if (list.uint8() !== 0) throw new RangeError('a server name that is no host name');
  const name = list.vector(2);
  if (!list.done || !data.done || name.done) throw new RangeError('not one server name');
  return name.rest().toString('latin1');
}

/** Reads forward; throws RangeError at the end. */
class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  skip(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new RangeError('too short');
    this.#at += count;
  }

  uint8(): number {
    this.skip(1);
    return this.#bytes.readUInt8(this.#at - 1);
  }

  uint16(): number {
    this.skip(2);
    return this.#bytes.readUInt16BE(this.#at - 2);
  }

  /** What follows a length of so many bytes. */
  vector(lengthBytes: 1 | 2): Reader {
    const length = lengthBytes === 1 ? this.uint8() : this.uint16();
    this.skip(length);
    return new Reader(this.#bytes.subarray(this.#at - length, this.#at));
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
