/** As much of DER (ITU-T X.690) as a certificate needs. */

const CONSTRUCTED = 0x20;

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return tagged(0x10 | CONSTRUCTED, ...items);
}

export function set(...items: readonly Uint8Array[]): Buffer {
  return tagged(0x11 | CONSTRUCTED, ...items);
}

/** A whole number from its big-endian bytes, which are read as unsigned. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const shortest = bytes.subarray(start);
  const negative = (shortest[0] ?? 0) >= 0x80;
  return tagged(0x02, ...(negative ? [Uint8Array.of(0)] : []), shortest);
}

/** An object identifier, such as `2.5.29.17`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

export function boolean(value: boolean): Buffer {
  return tagged(0x01, Uint8Array.of(value ? 0xff : 0));
}

export function octetString(...parts: readonly Uint8Array[]): Buffer {
  return tagged(0x04, ...parts);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return tagged(0x03, Uint8Array.of(unusedBits), bytes);
}

export function utf8String(text: string): Buffer {
  return tagged(0x0c, Buffer.from(text, 'utf8'));
}

/** To the second. UTCTime to the end of 2049 and GeneralizedTime from then on, as RFC 5280, section 4.1.2.5 has it. */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits));
}

/** A context-specific tag that wraps what is given (EXPLICIT). */
export function explicit(number: number, ...items: readonly Uint8Array[]): Buffer {
  return tagged(0x80 | CONSTRUCTED | number, ...items);
}

/** A context-specific tag in place of a primitive's own (IMPLICIT); the content is given without its tag. */
export function implicit(number: number, content: Uint8Array): Buffer {
  return tagged(0x80 | number, content);
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(length)), ...parts]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes = bigEndian(length, 0x100);
  return [0x80 | bytes.length, ...bytes];
}

function base128(arc: number): number[] {
  const digits = bigEndian(arc, 0x80);
  return digits.map((digit, index) => (index < digits.length - 1 ? digit | 0x80 : digit));
}

function bigEndian(value: number, base: number): number[] {
  const digits = [value % base];
  for (let rest = Math.floor(value / base); rest > 0; rest = Math.floor(rest / base)) {
    digits.unshift(rest % base);
  }
  return digits;
}
