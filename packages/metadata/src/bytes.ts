import { decodeRecord } from './decode.js';
import { MetadataError } from './errors.js';
import type { BottleRecord } from './schema.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {MetadataError} `broken-record`, also for bytes that are no UTF-8 */
export function decodeBytes(bytes: Uint8Array, source: string): BottleRecord | null {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw notUtf8(bytes, source, cause);
  }
  return decodeRecord(text, { source });
}

/** The decoder does not say where: the first byte that a lenient decoder cannot give back is the place. */
function notUtf8(bytes: Uint8Array, source: string, cause: unknown): MetadataError {
  const lenient = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const offset = bytes.findIndex((byte, index) => byte !== lenient[index]);
  const before = bytes.subarray(0, offset);
  const line = before.filter(byte => byte === 0x0a).length + 1;
  const column = offset - before.lastIndexOf(0x0a);
  return new MetadataError('broken-record', source, `no UTF-8 at byte ${offset} (line ${line})`, {
    position: { offset, line, column },
    cause,
  });
}
