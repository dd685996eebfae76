/** Client hellos made by hand (RFC 8446, section 4.1.2): what no TLS library would send. */

const u16 = (n: number) => Buffer.from([n >> 8, n & 255]);
export const vector8 = (...parts: Buffer[]) =>
  Buffer.concat([Buffer.from([Buffer.concat(parts).length]), ...parts]);
export const vector16 = (...parts: Buffer[]) => Buffer.concat([u16(Buffer.concat(parts).length), ...parts]);
export const extension = (type: number, ...data: Buffer[]) => Buffer.concat([u16(type), vector16(...data)]);
export const hex = (text: string) => Buffer.from(text, 'hex');

export const hostName = (name: string) =>
  Buffer.concat([Buffer.from([0]), vector16(Buffer.from(name, 'latin1'))]);
export const serverName = (name: string) => extension(0, vector16(hostName(name)));
/** What a client needs to say for OpenSSL to answer: TLS 1.3, a key share, signature algorithms. */
export const NEEDED = [
  extension(43, vector8(hex('03040303'))),
  extension(10, vector16(hex('001d'))),
  extension(51, vector16(hex('001d'), vector16(Buffer.alloc(32, 9)))),
  extension(13, vector16(hex('040308040403'))),
];

export function hello(extensions: readonly Buffer[], version = 0x0303, tail = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([
    u16(version),
    Buffer.alloc(32, 7),
    vector8(Buffer.alloc(32, 5)),
    vector16(hex('1301c02b')),
    vector8(Buffer.from([0])),
    vector16(...extensions),
    tail,
  ]);
  return Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
}

/** The message in records that are cut at these places. */
export function records(message: Buffer, cuts: readonly number[], version = 0x0301): Buffer {
  const places = [0, ...cuts.map(cut => cut % (message.length + 1)).sort((a, b) => a - b), message.length];
  const parts = places.slice(1).map((end, i) => message.subarray(places[i], end));
  return Buffer.concat(parts.map(part => Buffer.concat([Buffer.from([22]), u16(version), vector16(part)])));
}

/** Of a client that names this server; null: none. `ech`: with an encrypted client hello (RFC 9849). */
export function clientHello(
  name: string | null,
  { ech = false, cuts = [] as readonly number[] } = {},
): Buffer {
  const extensions = [...NEEDED, ...(name === null ? [] : [serverName(name)])];
  if (ech) extensions.push(extension(0xfe0d, Buffer.alloc(120, 1)));
  return records(hello(extensions), cuts);
}
