import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What of the host's /etc a program needs to run, to speak TLS and to know the time. Never the folder as a whole:
 * a bottle started by root owns every file of root, so what is secret must not be there (shadow, ssl/private, ssh).
 */
const ETC = [
  'alternatives',
  'crypto-policies',
  'ld.so.cache',
  'localtime',
  'mime.types',
  'os-release',
  'pki/ca-trust/extracted',
  'pki/tls/cert.pem',
  'pki/tls/certs',
  'pki/tls/openssl.cnf',
  'protocols',
  'services',
  'ssl/cert.pem',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
];

/** Of Debian's /etc/java-<version>-openjdk, which /usr/lib/jvm leads to; no more of it, since `management` may hold passwords. */
const ETC_OF_JAVA = ['logging.properties', 'net.properties', 'security'];

/** Options that show the host's programs and libraries, read-only. */
export function systemOptions(root = '/'): string[] {
  const options = ['--ro-bind', join(root, 'usr'), '/usr'];
  for (const name of readdirSync(root).sort()) {
    if (!/^(bin|sbin|lib(32|64|x32)?)$/.test(name)) continue;
    const path = join(root, name);
    if (lstatSync(path).isSymbolicLink()) options.push('--symlink', readlinkSync(path), `/${name}`);
    else options.push('--ro-bind', path, `/${name}`);
  }
  // NixOS keeps its programs in /nix/store; the rest of the world has no such folder.
  for (const path of [...[...ETC, ...etcOfJava(root)].map(name => `etc/${name}`), 'nix/store']) {
    options.push('--ro-bind-try', join(root, path), `/${path}`);
  }
  return options;
}

function etcOfJava(root: string): string[] {
  const versions = readdirSync(join(root, 'etc')).filter(name => /^java-\d+-openjdk$/.test(name));
  return versions.flatMap(version => ETC_OF_JAVA.map(name => `${version}/${name}`));
}
