import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@bot-bottle/test-kit';

export interface Certified {
  /** PEM, of the server. */
  readonly cert: string;
  readonly key: string;
  /** The file of the authority that signed it. */
  readonly authority: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** A certificate for a host, signed by an authority that nobody knows yet. */
export function certify(host: string): Certified {
  const folder = temporaryFolder();
  const make = (name: string, ...args: readonly string[]) => {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    execFileSync('openssl', ['req', '-x509', ...NEW_KEY, ...files, ...args], { cwd: folder, stdio: 'pipe' });
  };
  make('authority', '-subj', '/CN=Test authority');
  const signer = ['-CA', 'authority.pem', '-CAkey', 'authority.key'];
  const extensions = ['-addext', `subjectAltName=DNS:${host}`, '-addext', 'basicConstraints=CA:FALSE'];
  make('server', ...signer, ...extensions, '-subj', `/CN=${host}`);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { cert: read('server.pem'), key: read('server.key'), authority: join(folder, 'authority.pem') };
}
