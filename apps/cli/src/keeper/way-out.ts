import type { Duplex } from 'node:stream';
import type { Backend } from '@bot-bottle/backend';
import { auditLog, type BottlePaths } from '@bot-bottle/state-paths';
import type { WayOutSpec } from '../session/bottle-spec.js';
import { SessionError } from '../session/errors.js';
import { messageOf } from '../thrown.js';

/** Of 127.0.0.1 in the bottle: the usual one of an HTTP proxy. */
const PORT = 3128;

/** Where the bottle sees what makes its programs trust the proxy. */
const INSIDE = {
  certificate: '/run/bot-bottle/ca.pem',
  bundle: '/run/bot-bottle/ca-bundle.pem',
  javaStore: '/run/bot-bottle/ca.jks',
} as const;

/** Where programs look that read no variable; a bottle has those that its system has. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
];
const SYSTEM_JAVA_STORES = ['/etc/ssl/certs/java/cacerts', '/etc/pki/ca-trust/extracted/java/cacerts'];

/** The proxy of one session. */
export interface WayOut {
  readonly spec: WayOutSpec;
  serve(connection: Duplex): void;
  /** Ends every connection; returns what went wrong with the log, one line each. */
  close(): Promise<readonly string[]>;
}

/**
 * Opens the bottle's proxy; null for an adapter whose bottles reach nothing at all. One that cannot keep a bottle from the
 * network starts none. Throws SessionError 'not-enforced'; EgressError.
 */
export async function openWayOut(
  { name, capabilities }: Backend,
  paths: BottlePaths,
): Promise<WayOut | null> {
  if (capabilities.network === 'open') throw notEnforced(name);
  if (capabilities.network === 'none') return null;
  // Much to load, and nothing that a start has to wait for until here.
  const { egressEnvironment, openEgress } = await import('@bot-bottle/egress');
  const egress = await openEgress({
    bottle: paths.identity,
    liveConfig: paths,
    folder: paths.sidecar('egress'),
    auditFile: auditLog(paths.root, paths.identity, 'egress'),
  });
  const { certificate, bundle, javaStore } = egress.trust;
  const at = (source: string, targets: readonly string[]) => targets.map(target => ({ source, target }));
  return {
    spec: {
      egress: { port: PORT },
      files: [
        ...at(certificate, [INSIDE.certificate]),
        ...at(bundle, [INSIDE.bundle, ...SYSTEM_BUNDLES]),
        ...at(javaStore, [INSIDE.javaStore, ...SYSTEM_JAVA_STORES]),
      ],
      env: egressEnvironment(PORT, INSIDE),
    },
    serve: connection => egress.serve(connection),
    async close() {
      try {
        await egress.close();
        return [];
      } catch (error) {
        return [`the log of what it reached is not complete: ${messageOf(error)}`];
      }
    },
  };
}

export function notEnforced(backend: string): SessionError {
  return new SessionError(
    'not-enforced',
    `backend "${backend}" does not keep its bottles from the network; expected one that does, and can prove it`,
  );
}
