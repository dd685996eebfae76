import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Environment } from './command.js';
import { clientConfiguration } from './compose-command.js';
import { programOnPath } from './programs.js';

const DEFAULT_SOCKET = '/var/run/docker.sock';
/** What changes how or what the client asks (docs.docker.com/reference/cli/docker, "Environment variables"). */
const REFINED = [
  'DOCKER_API_VERSION',
  'DOCKER_CERT_PATH',
  'DOCKER_CUSTOM_HEADERS',
  'DOCKER_DEFAULT_PLATFORM',
  'DOCKER_TLS',
  'DOCKER_TLS_VERIFY',
];
const ELF = Buffer.from('\x7fELF', 'latin1');

/**
 * The socket at which `docker` would ask its engine, where that is certain: the program is Docker's own client and no script or other
 * program in its place, and what it reads (docker/cli, `resolveContextName`) names a plain socket of this machine. Null: ask the client.
 */
export function clientSocket(env: Environment): string | null {
  try {
    if (REFINED.some(name => env[name] !== undefined) || !isDockersClient(env)) return null;
    const host = env['DOCKER_HOST'] ?? contextHost(env);
    return /^unix:\/\/(\/\S+)$/.exec(host ?? '')?.[1] ?? null;
  } catch {
    // Whatever cannot be read the client may understand, or refuse in its own words.
    return null;
  }
}

/** Podman's package, snap and many an operator put a script or a link there, which may lead to any engine. */
function isDockersClient(env: Environment): boolean {
  const found = programOnPath(env, 'docker');
  if (found === null) return false;
  const program = realpathSync(found);
  return basename(program) === 'docker' && startsWith(program, ELF);
}

function startsWith(path: string, start: Buffer): boolean {
  const file = openSync(path, 'r');
  try {
    const read = Buffer.alloc(start.length);
    readSync(file, read);
    return read.equals(start);
  } finally {
    closeSync(file);
  }
}

function contextHost(env: Environment): string | null {
  const folder = clientConfiguration(env);
  const context = env['DOCKER_CONTEXT'] ?? configuredContext(join(folder, 'config.json'));
  if (context === 'default') return `unix://${DEFAULT_SOCKET}`;
  const digest = createHash('sha256').update(context).digest('hex');
  if (existsSync(join(folder, 'contexts/tls', digest))) return null;
  const meta = JSON.parse(readFileSync(join(folder, 'contexts/meta', digest, 'meta.json'), 'utf8')) as {
    readonly Name: string;
    readonly Endpoints: { readonly docker: { readonly Host: string } };
  };
  return meta.Name === context ? meta.Endpoints.docker.Host : null;
}

/** @throws Error where the configuration has more to say of a request */
function configuredContext(file: string): string {
  if (!existsSync(file)) return 'default';
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const { currentContext = '' } = config;
  // The client reads names of any case.
  const other = Object.keys(config).some(
    name => name !== 'currentContext' && /^(currentcontext|httpheaders)$/i.test(name),
  );
  if (other || typeof currentContext !== 'string') throw new Error('a configuration for the client');
  return currentContext || 'default';
}
