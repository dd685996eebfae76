import { createHash } from 'node:crypto';

/** The password of every public truststore: it only guards against damage. */
export const JAVA_STORE_PASSWORD = 'changeit';

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED_CERTIFICATE = 2;

/**
 * A Java truststore of certificates (DER), in the JKS format that every Java reads (sun.security.provider.JavaKeyStore;
 * PKCS#12 would need attributes that only Java 8u301 and newer understand). The same certificates give the same bytes.
 */
export function javaStore(certificates: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(VERSION, 4);
  header.writeUInt32BE(certificates.length, 8);
  const content = Buffer.concat([header, ...certificates.flatMap(entry)]);
  return Buffer.concat([content, digest(content)]);
}

function entry(certificate: Uint8Array, index: number): Buffer[] {
  const numbers = Buffer.alloc(4);
  numbers.writeUInt32BE(TRUSTED_CERTIFICATE);
  const created = Buffer.alloc(8); // 1970: nothing reads it
  const length = Buffer.alloc(4);
  length.writeUInt32BE(certificate.length);
  return [numbers, utf(`bot-bottle-${index}`), created, utf('X.509'), length, Buffer.from(certificate)];
}

/** Java's DataOutput.writeUTF, of ASCII. */
function utf(text: string): Buffer {
  const bytes = Buffer.from(text, 'ascii');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function digest(content: Uint8Array): Buffer {
  const password = Buffer.from(JAVA_STORE_PASSWORD, 'utf16le').swap16();
  return createHash('sha1').update(password).update('Mighty Aphrodite').update(content).digest();
}
