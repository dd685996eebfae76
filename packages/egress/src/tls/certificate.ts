import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { addressBytes } from './address-bytes.js';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der.js';
import { toPem } from './pem.js';

/** From when to when a certificate counts. */
export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2')); // RFC 5758, section 3.2
const COMMON_NAME = oid('2.5.4.3');
const MAX_COMMON_NAME = 64; // RFC 5280, appendix A: ub-common-name

/** What an authority with this key is called: every bottle's has another name, so that no client mixes two up. */
export function authorityName(key: KeyObject): string {
  return `bot-bottle CA ${keyIdentifier(key).toString('hex', 0, 8)}`;
}

/** The certificate of an authority, in PEM, which it signs itself (RFC 5280). `key` is a private P-256 key. */
export function authorityCertificate(key: KeyObject, validity: Validity): string {
  const name = distinguishedName(authorityName(key));
  return signed(key, validity, { issuer: name, subject: name, publicKey: key }, [
    extension('2.5.29.19', true, sequence(boolean(true), integer(Uint8Array.of(0)))), // signs leaves, no authority
    extension('2.5.29.15', true, bitString(Uint8Array.of(0b0000_0110), 1)), // keyCertSign, cRLSign
    subjectKeyIdentifier(key),
  ]);
}

/** The certificate of one host (canonical: a name or an IP address), in PEM, for a TLS server that holds `leafKey`. */
export function hostCertificate(
  host: string,
  leafKey: KeyObject,
  authorityKey: KeyObject,
  validity: Validity,
): string {
  const address = isIP(host) !== 0;
  // RFC 5280, section 4.2.1.6: 7 is iPAddress, 2 is dNSName.
  const name = address ? implicit(7, addressBytes(host)) : implicit(2, Buffer.from(host, 'ascii'));
  const parties = {
    issuer: distinguishedName(authorityName(authorityKey)),
    // Nothing reads it any more (RFC 9525, section 2): it is there for people, and where it is too long, it says no host.
    subject: distinguishedName(host.length <= MAX_COMMON_NAME ? host : 'bot-bottle'),
    publicKey: leafKey,
  };
  return signed(authorityKey, validity, parties, [
    extension('2.5.29.19', true, sequence()), // no authority
    extension('2.5.29.15', true, bitString(Uint8Array.of(0b1000_0000), 7)), // digitalSignature
    extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))), // serverAuth
    subjectKeyIdentifier(leafKey),
    extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(authorityKey)))), // who signed
    extension('2.5.29.17', false, sequence(name)),
  ]);
}

interface Parties {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** Or the private key that it belongs to. */
  readonly publicKey: KeyObject;
}

function signed(
  signer: KeyObject,
  { from, to }: Validity,
  parties: Parties,
  extensions: readonly Buffer[],
): string {
  const content = sequence(
    explicit(0, integer(Uint8Array.of(2))), // version 3
    integer(randomBytes(16)), // unique, and not to be guessed
    ECDSA_WITH_SHA256,
    parties.issuer,
    sequence(time(from), time(to)),
    parties.subject,
    publicKeyInfo(parties.publicKey),
    explicit(3, sequence(...extensions)),
  );
  const certificate = sequence(content, ECDSA_WITH_SHA256, bitString(sign('sha256', content, signer)));
  return toPem(certificate);
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(COMMON_NAME, utf8String(commonName))));
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function subjectKeyIdentifier(key: KeyObject): Buffer {
  return extension('2.5.29.14', false, octetString(keyIdentifier(key)));
}

/** RFC 7093, section 2, method 4: a hash of the whole key info, cut to 160 bits. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20);
}

function publicKeyInfo(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' });
}
