import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describeWith, run, temporaryFolder } from '@bot-bottle/test-kit';
import { openAuthority } from './authority.js';
import { fromPem, toPem } from './pem.js';
import { SYSTEM_BUNDLES, trustedRoots } from './roots.js';
import { writeTrustFiles } from './trust-files.js';

const roots = rootCertificates.slice(0, 5).flatMap(fromPem);

async function written(certificates = roots) {
  const folder = temporaryFolder();
  const authority = await openAuthority(folder);
  return { folder, authority, files: await writeTrustFiles(folder, authority, certificates) };
}

describe('trustedRoots', () => {
  const bundle = join(temporaryFolder(), 'bundle.pem');
  const [first = '', second = '', third = ''] = rootCertificates;
  beforeAll(() =>
    writeFileSync(bundle, `# first\r\n${first.replaceAll('\n', '\r\n')}\r\nsecond: \n${second}${first}`),
  );

  it('takes the bundle that SSL_CERT_FILE names, what NODE_EXTRA_CA_CERTS adds, and more, each once', () => {
    const extra = join(temporaryFolder(), 'extra.pem');
    writeFileSync(extra, `${second}\n${third}`);
    const found = trustedRoots({ SSL_CERT_FILE: bundle, NODE_EXTRA_CA_CERTS: extra }, [`${first}\n`]);
    expect(found).toEqual([first, second, third].flatMap(fromPem));
  });

  it("takes the system's bundle else, or Node's own where there is none", () => {
    const system = SYSTEM_BUNDLES.map(file => {
      try {
        return fromPem(readFileSync(file, 'utf8'));
      } catch {
        return [];
      }
    }).find(found => found.length > 0);
    const expected = system ?? rootCertificates.flatMap(fromPem);
    expect(new Set(trustedRoots({ SSL_CERT_FILE: '/nonexistent' }).map(toPem))).toEqual(
      new Set(expected.map(toPem)),
    );
    expect(expected.length).toBeGreaterThan(50);
  });

  it('leaves out what is cut short, and what is no certificate', () => {
    const cut = first.replace(/(.{200})[^-]*/s, '$1\n');
    const key = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n';
    expect(fromPem(`${cut}${key}${second}-----BEGIN CERTIFICATE-----\nMIIB`)).toEqual(fromPem(second));
  });
});

describe('writeTrustFiles', () => {
  it('puts the roots and the authority, last, into one bundle that everybody may read', async () => {
    const { folder, authority, files } = await written();
    expect(files).toEqual({
      certificate: join(folder, 'ca.pem'),
      bundle: join(folder, 'ca-bundle.pem'),
      javaStore: join(folder, 'ca.jks'),
    });
    const bundle = readFileSync(files.bundle, 'utf8');
    expect(fromPem(bundle)).toEqual([...roots, ...fromPem(authority.certificate)]);
    expect(bundle.endsWith(authority.certificate)).toBe(true);
    expect(Object.values(files).map(file => statSync(file).mode & 0o777)).toEqual([0o644, 0o644, 0o644]);
    for (const file of Object.values(files))
      expect(readFileSync(file, 'latin1')).not.toContain('PRIVATE KEY');
  });

  it('writes nothing again where all is as it was, and what changed where it did', async () => {
    const { folder, authority, files } = await written();
    for (const file of Object.values(files)) utimesSync(file, 1, 1);
    const written1 = await writeTrustFiles(folder, authority, roots);
    expect(Object.values(written1).map(file => statSync(file).mtimeMs)).toEqual([1000, 1000, 1000]);
    await writeTrustFiles(folder, authority, roots.slice(1));
    expect(fromPem(readFileSync(files.bundle, 'utf8'))).toHaveLength(roots.length);
  });

  it('says that it cannot, where something else stands in the way', async () => {
    const folder = temporaryFolder();
    const authority = await openAuthority(folder);
    run(['mkdir', join(folder, 'ca-bundle.pem')]);
    await expect(writeTrustFiles(folder, authority, roots)).rejects.toMatchObject({ code: 'bad-folder' });
  });
});

describeWith('keytool', 'the Java truststore', () => {
  it('is read by Java, whole, with every certificate', async () => {
    const { authority, files } = await written(trustedRoots({}));
    const { status, stdout } = run([
      ...['keytool', '-list', '-rfc', '-keystore', files.javaStore],
      ...['-storetype', 'JKS', '-storepass', 'changeit'],
    ]);
    expect({ status, integrity: stdout.includes('NOT been verified') }).toEqual({
      status: 0,
      integrity: false,
    });
    const inStore = new Set(fromPem(stdout).map(toPem));
    expect(inStore).toEqual(new Set(fromPem(readFileSync(files.bundle, 'utf8')).map(toPem)));
    expect(inStore).toContain(toPem(new X509Certificate(authority.certificate).raw));
  });

  it('is refused by Java where a byte of it changed', async () => {
    const { files } = await written();
    const bytes = readFileSync(files.javaStore);
    bytes.writeUInt8(bytes.readUInt8(500) ^ 1, 500);
    writeFileSync(files.javaStore, bytes);
    expect(run(['keytool', '-list', '-keystore', files.javaStore, '-storepass', 'changeit']).status).not.toBe(
      0,
    );
  });
});
