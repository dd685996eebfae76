import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import {
  DurableFsError,
  ensureFolder,
  readFileOrAbsent,
  removeFile,
  replaceFile,
  sweepTemporaries,
} from '@bot-bottle/durable-fs';
import { EgressError } from '../errors.js';
import { authorityCertificate, authorityName, hostCertificate, type Validity } from './certificate.js';

const DAY = 24 * 60 * 60 * 1000;
/** A clock in the bottle may be this much behind ours. */
const SLACK = DAY;
const AUTHORITY_LIFE = 10 * 365 * DAY;
const AUTHORITY_RENEWAL = 365 * DAY;
const HOST_LIFE = 30 * DAY;
const HOST_RENEWAL = 10 * DAY;
const MAX_PEM_BYTES = 64 * 1024;

/** What a TLS server shows that stands in for a host: as `tls.createServer` takes it. */
export interface HostIdentity {
  /** In PEM. */
  readonly cert: string;
  readonly key: string;
  /** From when on (milliseconds since 1970) another is to be issued. */
  readonly renewAt: number;
}

/** The certificate authority of one bottle. Its key never leaves this process and its file. */
export interface Authority {
  /** In PEM. */
  readonly certificate: string;
  /** Issues a certificate for a host (canonical: a name or an IP address). */
  issue(host: string): HostIdentity;
}

/**
 * Opens the authority in `folder` (created, 0700, where it is not there): `ca.key.pem` (0600) and `ca.pem`. What a kill left
 * unfinished is finished; a key that others could read, and one that is cut short, is replaced; a certificate that has
 * less than a year to go, or is not valid yet, is issued again for the same key.
 * @throws EgressError 'bad-folder' where the files cannot be read or written, or hold a key or certificate of somebody else's.
 */
export async function openAuthority(
  folder: string,
  { now = Date.now }: { now?: () => number } = {},
): Promise<Authority> {
  try {
    ensureFolder(folder);
    await sweepTemporaries(folder);
    const key = readKey(join(folder, 'ca.key.pem')) ?? (await createKey(folder));
    const file = join(folder, 'ca.pem');
    let certificate = readCertificate(file, key, now());
    if (certificate === null) {
      certificate = authorityCertificate(key, validity(now(), AUTHORITY_LIFE));
      await replaceFile(file, certificate, { mode: 0o644 });
    }
    return { certificate, issue: issuer(key, now) };
  } catch (error) {
    if (!(error instanceof DurableFsError)) throw error;
    throw new EgressError('bad-folder', error.message, { cause: error });
  }
}

/** The key, or null where there is none that may be used. */
function readKey(file: string): KeyObject | null {
  const pem = readFileOrAbsent(file, { maxBytes: MAX_PEM_BYTES });
  if (pem === null || (lstatSync(file).mode & 0o077) !== 0) return null;
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // Whole files of ours are replaced whole: it was never finished, or it is no key any more.
    return null;
  }
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw foreign(file, 'a P-256 key');
}

async function createKey(folder: string): Promise<KeyObject> {
  // First, so that a kill never leaves a certificate beside a key that it does not belong to.
  await removeFile(join(folder, 'ca.pem'));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await replaceFile(join(folder, 'ca.key.pem'), pem, { mode: 0o600 });
  return privateKey;
}

/** The certificate in PEM, or null where there is none, or it is to be issued again. */
function readCertificate(file: string, key: KeyObject, now: number): string | null {
  const pem = readFileOrAbsent(file, { maxBytes: MAX_PEM_BYTES });
  if (pem === null) return null;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return null;
  }
  if (!certificate.checkPrivateKey(key) || certificate.subject !== `CN=${authorityName(key)}`) {
    throw foreign(file, 'the certificate of the key beside it');
  }
  const valid = Date.parse(certificate.validFrom) <= now;
  return valid && Date.parse(certificate.validTo) - now > AUTHORITY_RENEWAL ? pem : null;
}

function foreign(file: string, expected: string): EgressError {
  return new EgressError(
    'bad-folder',
    `${file} was not made by bot-bottle: expected ${expected}; move it away, and a new one is made`,
  );
}

function issuer(authorityKey: KeyObject, now: () => number): Authority['issue'] {
  // One key for all hosts: whoever could read it here could read the authority's as well.
  let leafKey: KeyObject | null = null;
  return host => {
    leafKey ??= generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    return {
      cert: hostCertificate(host, leafKey, authorityKey, validity(now(), HOST_LIFE)),
      key: leafKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      renewAt: now() + HOST_LIFE - HOST_RENEWAL,
    };
  };
}

function validity(now: number, life: number): Validity {
  return { from: new Date(now - SLACK), to: new Date(now + life) };
}
