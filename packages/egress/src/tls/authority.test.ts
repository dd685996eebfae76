import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect, createServer } from 'node:tls';
import { processMark } from '@bot-bottle/durable-fs';
import { describeWith, run, temporaryFolder } from '@bot-bottle/test-kit';
import { EgressError } from '../errors.js';
import { type Authority, openAuthority } from './authority.js';
import { authorityCertificate } from './certificate.js';

const DAY = 24 * 60 * 60 * 1000;
const keyFile = (folder: string) => join(folder, 'ca.key.pem');
const certificateFile = (folder: string) => join(folder, 'ca.pem');
const read = (folder: string) => [
  readFileSync(keyFile(folder), 'utf8'),
  readFileSync(certificateFile(folder), 'utf8'),
];
const belongTogether = ([key = '', certificate = '']: readonly string[]) =>
  new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));

/** Connects to a TLS server that shows what the authority issued for `host`; the certificate that the client accepted. */
async function meet(authority: Authority, host: string, options: ConnectionOptions = {}) {
  const server = createServer({ ...authority.issue(host) }, socket => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({
    port,
    host: '127.0.0.1',
    servername: host,
    ca: authority.certificate,
    ...options,
  });
  try {
    await once(client, 'secureConnect');
    return client.getPeerX509Certificate();
  } finally {
    client.destroy();
    server.close();
  }
}

describe('openAuthority', () => {
  it('makes a key that its owner alone can read and a certificate that belongs to it', async () => {
    const folder = join(temporaryFolder(), 'egress');
    const { certificate } = await openAuthority(folder);
    expect(belongTogether(read(folder))).toBe(true);
    expect(read(folder)[1]).toBe(certificate);
    expect(
      [folder, keyFile(folder), certificateFile(folder)].map(path => statSync(path).mode & 0o777),
    ).toEqual([0o700, 0o600, 0o644]);
    expect(new X509Certificate(certificate).ca).toBe(true);
  });

  it('finds the same again, byte for byte, and gives every bottle another', async () => {
    const folder = temporaryFolder();
    await openAuthority(folder);
    const first = read(folder);
    await openAuthority(folder);
    expect(read(folder)).toEqual(first);
    const other = await openAuthority(temporaryFolder());
    const subjects = [first[1] ?? '', other.certificate].map(pem => new X509Certificate(pem).subject);
    expect(new Set(subjects).size).toBe(2);
  });

  // Every state that a kill can leave behind, since each file is replaced whole: in the order of the writes.
  it.each<[string, (folder: string) => void, 'same key' | 'new key']>([
    ['nothing', folder => rmSync(folder, { recursive: true }), 'new key'],
    ['a key without a certificate', folder => rmSync(certificateFile(folder)), 'same key'],
    ['a certificate without a key', folder => rmSync(keyFile(folder)), 'new key'],
    ['an empty key', folder => writeFileSync(keyFile(folder), ''), 'new key'],
    [
      'half a key',
      folder => writeFileSync(keyFile(folder), (read(folder)[0] ?? '').slice(0, 100)),
      'new key',
    ],
    ['half a certificate', folder => writeFileSync(certificateFile(folder), '-----BEGIN CERT'), 'same key'],
    ['a key that others could read', folder => chmodSync(keyFile(folder), 0o640), 'new key'],
  ])('makes a whole pair of %s', async (_, damage, expected) => {
    const folder = join(temporaryFolder(), 'egress');
    await openAuthority(folder);
    const [key] = read(folder);
    damage(folder);
    await openAuthority(folder);
    expect(belongTogether(read(folder))).toBe(true);
    expect(statSync(keyFile(folder)).mode & 0o777).toBe(0o600);
    expect(read(folder)[0] === key ? 'same key' : 'new key').toBe(expected);
  });

  it('leaves no key that a killed writer left under a temporary name', async () => {
    const folder = temporaryFolder();
    const { bootId, pidNamespace } = processMark();
    const mark = ['4194304', '1', bootId.slice(0, 8), pidNamespace.replace(/\D/g, '')].join('.');
    const dead = `.ca.key.pem.tmp-${mark}-0123456789ab`;
    writeFileSync(join(folder, dead), 'a key');
    await openAuthority(folder);
    expect(readdirSync(folder).sort()).toEqual(['ca.key.pem', 'ca.pem']);
  });

  it.each<[string, (folder: string) => void]>([
    [
      'a key of another kind',
      folder => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
        writeFileSync(keyFile(folder), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      },
    ],
    [
      'a certificate of another key',
      folder => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const validity = { from: new Date(), to: new Date(Date.now() + 10 * 365 * DAY) };
        writeFileSync(certificateFile(folder), authorityCertificate(privateKey, validity));
      },
    ],
    [
      'a link in place of the key',
      folder => {
        rmSync(keyFile(folder));
        symlinkSync('/etc/hostname', keyFile(folder));
      },
    ],
    [
      'a folder in place of the certificate',
      folder => {
        rmSync(certificateFile(folder));
        mkdirSync(certificateFile(folder));
      },
    ],
    ['a key of a megabyte', folder => writeFileSync(keyFile(folder), 'x'.repeat(1 << 20))],
  ])('refuses %s, and touches nothing', async (_, plant) => {
    const folder = temporaryFolder();
    await openAuthority(folder);
    plant(folder);
    const before = readdirSync(folder).map(name => statSync(join(folder, name)).mtimeMs);
    const failure = await openAuthority(folder).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EgressError);
    expect(failure).toMatchObject({ code: 'bad-folder', message: expect.stringContaining(folder) });
    expect(readdirSync(folder).map(name => statSync(join(folder, name)).mtimeMs)).toEqual(before);
  });

  it.each([
    ['a year ago', -365],
    ['nine and a half years on', 9.5 * 365],
  ])('issues the certificate again, for the same key, where the clock says %s', async (_, days) => {
    const folder = temporaryFolder();
    await openAuthority(folder);
    const [key, old] = read(folder);
    const then = Date.now() + days * DAY;
    const { certificate } = await openAuthority(folder, { now: () => then });
    expect(certificate).not.toBe(old);
    expect(read(folder)).toEqual([key, certificate]);
    expect(Date.parse(new X509Certificate(certificate).validFrom)).toBeLessThan(then);
  });
});

describe('issue', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await openAuthority(temporaryFolder());
  });

  it.each([
    ['a name', 'api.example.com', 'DNS:api.example.com'],
    [
      'a name too long to be a common name',
      `${'a'.repeat(60)}.example.com`,
      `DNS:${'a'.repeat(60)}.example.com`,
    ],
    ['an IPv4 address', '192.0.2.7', 'IP Address:192.0.2.7'],
    ['an IPv6 address', '2001:db8::7:1', 'IP Address:2001:DB8:0:0:0:0:7:1'],
  ])('shows a certificate for %s that a client accepts', async (_, host, alternative) => {
    const servername = /^[\d.]+$|:/.test(host) ? '' : host;
    const identity = { servername, host: '127.0.0.1', checkServerIdentity: () => undefined };
    const certificate = await meet(authority, host, identity);
    expect(certificate?.subjectAltName).toBe(alternative);
    expect(servername === '' ? certificate?.checkIP(host) : certificate?.checkHost(host)).toBe(host);
    expect(certificate?.ca).toBe(false);
  });

  it('is not accepted for another host, or by a client that does not trust the authority', async () => {
    const wrong = { servername: 'other.example' };
    await expect(meet(authority, 'api.example.com', wrong)).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    const { certificate: ca } = await openAuthority(temporaryFolder());
    await expect(meet(authority, 'api.example.com', { ca })).rejects.toMatchObject({
      code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    });
  });

  it('counts from a day ago to a month on, and is renewed before', () => {
    const { cert, renewAt } = authority.issue('api.example.com');
    const { validFrom, validTo } = new X509Certificate(cert);
    const days = (date: string | number) => Math.round((new Date(date).getTime() - Date.now()) / DAY);
    expect([validFrom, renewAt, validTo].map(days)).toEqual([-1, 20, 30]);
  });
});

describeWith('openssl', 'the certificates', () => {
  it('pass what OpenSSL calls strict, and sign nothing themselves', async () => {
    const folder = temporaryFolder();
    const authority = await openAuthority(folder);
    const certificate = await meet(authority, 'api.example.com');
    const leaf = join(folder, 'leaf.pem');
    writeFileSync(leaf, certificate?.toString() ?? '');
    const verify = [
      'openssl',
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-verify_hostname',
      'api.example.com',
    ];
    expect(run([...verify, '-CAfile', certificateFile(folder), leaf])).toMatchObject({
      status: 0,
      stdout: `${leaf}: OK\n`,
      stderr: '',
    });
    expect(run([...verify, '-CAfile', leaf, '-partial_chain', certificateFile(folder)]).status).not.toBe(0);
  });
});
