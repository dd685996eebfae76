import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '@bot-bottle/backend';
import { type BottlePaths, bottlePaths, reserveIdentity } from '@bot-bottle/state-paths';
import { HOST_NAME } from '../agents/moved-service.js';
import { openWayOut, type WayOut } from '../keeper/way-out.js';
import { bottleRef } from '../session/bottle-ref.js';
import { bottleSpec } from '../session/bottle-spec.js';
import { type Finding, fail, failure, ok } from './finding.js';
import { ANSWER, LOOK_OUT, PROMISES } from './look-out.js';

/** Behind the name of a backend, in the names of these checks. */
export const NETWORK = ', network';

/**
 * Starts a bottle like any other and has a program in it look for a way out: through the proxy to a host that is allowed and to
 * one that is not, and past it. What it reaches that it must not is a failure, and no setting changes that.
 */
export async function checkEnforcement(backend: Backend): Promise<Finding> {
  const check = `backend ${backend.name}${NETWORK}`;
  if (backend.capabilities.network === 'none') return ok(check, 'its bottles reach nothing');
  try {
    const seen = await lookOut(backend);
    const broken = PROMISES.filter(({ name, kept }) => !kept(seen.get(name)));
    if (broken.length === 0) {
      return ok(
        check,
        'a bottle reached what was allowed, was denied the rest (403), and found no way past its proxy',
      );
    }
    const facts = broken.map(({ name, breach }) => `${breach} (${name}: ${seen.get(name) ?? 'no answer'})`);
    return fail(check, facts.join('; '));
  } catch (error) {
    return failure(check, error);
  }
}

/** What the program in the bottle says of each of its attempts. */
async function lookOut(backend: Backend): Promise<ReadonlyMap<string, string>> {
  const root = mkdtempSync(join(tmpdir(), 'bot-bottle-doctor-'));
  const origin = createServer((_request, response) => response.end(ANSWER));
  try {
    const paths = bottlePaths(root, reserveIdentity(root, 'doctor'));
    for (const folder of [paths.home, paths.workspace]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const port = await listen(origin);
    const { writeLiveConfig } = await import('@bot-bottle/live-config');
    await writeLiveConfig(paths, { allowlist: [{ host: HOST_NAME, port, flags: ['private'] }], routes: [] });
    const wayOut = await openWayOut(backend, paths);
    try {
      return parse(await runInBottle(backend, paths, wayOut, ['bash', '-c', LOOK_OUT, 'doctor', `${port}`]));
    } finally {
      await wayOut?.close();
    }
  } finally {
    origin.closeAllConnections();
    origin.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** Runs a command in a bottle of its own to the end, and returns what its terminal showed. */
async function runInBottle(
  backend: Backend,
  paths: BottlePaths,
  wayOut: WayOut | null,
  command: readonly string[],
): Promise<string> {
  const { hostOf, PtyHost } = await import('../keeper/pty-host.js');
  const agent = {
    name: 'doctor',
    description: '',
    command,
    resumeArgs: [],
    passEnv: [],
    setEnv: {},
    transcript: [],
  };
  const ref = bottleRef(paths, null);
  const spec = bottleSpec({
    ref,
    paths,
    launch: {
      version: 1,
      agent,
      args: [],
      backend: { name: backend.name },
      workspace: { kind: 'empty' },
      limits: {},
    },
    labels: {},
    routed: new Set(),
    env: {},
    report: null,
    wayOut: wayOut?.spec ?? null,
  });
  try {
    const pty = await PtyHost.load({ columns: 200, rows: 50 });
    const { terminal, exited } = await backend.launch(await backend.prepare(spec), hostOf(pty, wayOut));
    const chunks: Uint8Array[] = [];
    terminal.onData(chunk => chunks.push(chunk));
    await exited;
    return Buffer.concat(chunks).toString();
  } finally {
    await backend.destroy(ref);
  }
}

function parse(output: string): ReadonlyMap<string, string> {
  return new Map(
    [...output.matchAll(/^look ([a-z]+): (.*?)\r?$/gm)].map(([, name = '', seen = '']) => [name, seen]),
  );
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
