import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { fromPem } from './pem.js';

/** Where systems keep all the certificate authorities that they trust, in one PEM file (as in Go's crypto/x509/root_linux.go). */
export const SYSTEM_BUNDLES: readonly string[] = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Ubuntu, Alpine, Arch, Gentoo
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/ssl/ca-bundle.pem', // openSUSE
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // RHEL 7 and later
  '/etc/ssl/cert.pem', // Alpine
];

/**
 * The authorities that this machine trusts and `more` (PEM texts), each once, as DER: those of `SSL_CERT_FILE`, else of the
 * system's bundle, else Node's own; and those of `NODE_EXTRA_CA_CERTS`.
 */
export function trustedRoots(
  env: Readonly<Record<string, string | undefined>>,
  more: readonly string[] = [],
): Buffer[] {
  const named = env['SSL_CERT_FILE'];
  const extra = env['NODE_EXTRA_CA_CERTS'];
  const bundles = [...(named ? [named] : []), ...SYSTEM_BUNDLES];
  const system = bundles.map(certificatesIn).find(found => found.length > 0);
  const all = [
    ...(system ?? rootCertificates.flatMap(fromPem)),
    ...(extra ? certificatesIn(extra) : []),
    ...more.flatMap(fromPem),
  ];
  return [...new Map(all.map(certificate => [certificate.toString('base64'), certificate])).values()];
}

/** None where there is no such file: most of the paths are of other systems. */
function certificatesIn(file: string): Buffer[] {
  try {
    return fromPem(readFileSync(file, 'latin1'));
  } catch {
    return [];
  }
}
