/** Octets of a block; everything in an archive is a multiple of it (tar(5), "ustar"). */
const BLOCK = 512;

/** The header of a regular file. `name`: at most 100 octets, without a leading slash. */
export function tarHeader(name: string, size: number, mode: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`too long for a header: ${name}`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(mode, 8), 100);
  header.write(octal(0, 8) + octal(0, 8), 108);
  header.write(octal(size, 12) + octal(0, 12), 124);
  // The sum of all octets, its own field counted as blanks.
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** What fills the last block of a file of this size. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

export const TAR_END = Buffer.alloc(2 * BLOCK);

export interface TarEntry {
  readonly name: string;
  readonly kind: 'file' | 'link' | 'other';
  /** Of a symbolic link. */
  readonly target: string;
}

/** The entries of an archive, without their contents. Names over 100 octets (GNU's and pax's) count as `other`. */
export function* readTar(archive: Buffer): Generator<TarEntry> {
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) return;
    const text = (from: number, length: number) => {
      const field = header.toString('utf8', from, from + length);
      return field.split('\0', 1)[0] ?? '';
    };
    const size = Number.parseInt(text(124, 12), 8) || 0;
    const prefix = text(257, 5) === 'ustar' && header[262] === 0 ? text(345, 155) : '';
    const name = (prefix === '' ? '' : `${prefix}/`) + text(0, 100);
    const type = text(156, 1);
    yield {
      name,
      target: text(157, 100),
      kind: type === '' || type === '0' ? 'file' : type === '2' ? 'link' : 'other',
    };
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}
