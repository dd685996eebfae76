import { join } from 'node:path';
import { DurableFsError, readBytesOrAbsent, replaceFile } from '@bot-bottle/durable-fs';
import { EgressError } from '../errors.js';
import { javaStore } from './java-store.js';
import { fromPem, toPem } from './pem.js';

/** What makes the programs in the bottle trust its authority: paths of public files. */
export interface TrustFiles {
  /** The authority's certificate alone, PEM. */
  readonly certificate: string;
  /** It and every authority that the host trusts, PEM. */
  readonly bundle: string;
  /** The same as a Java truststore (JKS, password `changeit`). */
  readonly javaStore: string;
}

/**
 * Writes what `TrustFiles` names into the folder of the authority, where it is not there already. `roots`: DER.
 * @throws EgressError 'bad-folder'
 */
export async function writeTrustFiles(
  folder: string,
  authority: { readonly certificate: string },
  roots: readonly Uint8Array[],
): Promise<TrustFiles> {
  const certificates = [...roots, ...fromPem(authority.certificate)];
  const files = {
    certificate: join(folder, 'ca.pem'),
    bundle: join(folder, 'ca-bundle.pem'),
    javaStore: join(folder, 'ca.jks'),
  };
  try {
    await update(files.bundle, Buffer.from(certificates.map(toPem).join('')));
    await update(files.javaStore, javaStore(certificates));
  } catch (error) {
    if (!(error instanceof DurableFsError)) throw error;
    throw new EgressError('bad-folder', error.message, { cause: error });
  }
  return files;
}

/** A resume finds the same again, and need not wait for the disk. */
async function update(file: string, content: Uint8Array): Promise<void> {
  const old = readBytesOrAbsent(file);
  if (old === null || !Buffer.from(old).equals(content)) await replaceFile(file, content, { mode: 0o644 });
}
