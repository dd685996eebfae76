import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
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
/** Hosts whose TLS contexts are kept; a wildcard route would else let the bottle fill the keeper's memory. */
const MAX_HOSTS = 256;

/** The certificate authority of one bottle. Its key never leaves this process and its file. */
export interface Authority {
  /** In PEM. */
  readonly certificate: string;
  /** What a TLS server shows that stands in for `host` (canonical). Kept, so that sessions can be resumed. */
  contextFor(host: string): SecureContext;
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
    return { certificate, contextFor: hostContexts(key, now) };
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

/** Issues on demand; the host used least recently goes first when there are too many. */
function hostContexts(authorityKey: KeyObject, now: () => number): (host: string) => SecureContext {
  const kept = new Map<string, { context: SecureContext; renewAt: number }>();
  // One key for all hosts: whoever could read it here could read the authority's as well.
  let leafKey: KeyObject | null = null;
  return host => {
    let entry = kept.get(host);
    if (!entry || entry.renewAt <= now()) {
      leafKey ??= generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
      const certificate = hostCertificate(host, leafKey, authorityKey, validity(now(), HOST_LIFE));
      const key = leafKey.export({ type: 'pkcs8', format: 'pem' });
      entry = {
        context: createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }),
        renewAt: now() + HOST_LIFE - HOST_RENEWAL,
      };
    }
    kept.delete(host);
    kept.set(host, entry);
    const [oldest] = kept.keys();
    if (kept.size > MAX_HOSTS && oldest !== undefined) kept.delete(oldest);
    return entry.context;
  };
}

function validity(now: number, life: number): Validity {
  return { from: new Date(now - SLACK), to: new Date(now + life) };
}
