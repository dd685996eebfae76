/**
 * Twelve hexadecimal digits that no other name has. By the global Web Crypto, which Node loads at its first use: importing
 * node:crypto costs milliseconds, also for whoever only reads.
 */
export function randomDigits(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString('hex');
}
