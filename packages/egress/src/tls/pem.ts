/** A certificate (DER) as PEM (RFC 7468), ending in a newline. */
export function toPem(certificate: Uint8Array): string {
  const lines = Buffer.from(certificate)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** The certificates (DER) of a PEM text; what stands around them, and what is cut short, is left out. */
export function fromPem(text: string): Buffer[] {
  const found = text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g);
  return [...found].map(match => Buffer.from(match[1] ?? '', 'base64')).filter(isWhole);
}

/** Whether it is one SEQUENCE of the length that it claims, between 256 bytes and 64 KiB: one broken entry fails a whole Java store. */
function isWhole(der: Buffer): boolean {
  return der.length > 4 && der[0] === 0x30 && der[1] === 0x82 && der.readUInt16BE(2) === der.length - 4;
}
