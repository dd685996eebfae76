import { lookup as systemLookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LiveConfigPaths } from '@bot-bottle/live-config';
import type { Applied } from './applied.js';
import { AuditLog } from './audit/log.js';
import type { Context, Limits } from './context.js';
import { openCredentials } from './credentials.js';
import { answerBytes, denialAnswer, failureAnswer } from './denial.js';
import { RequestServer } from './forward.js';
import { framingOf } from './headers.js';
import { Inspector } from './inspect.js';
import { Journal } from './journal.js';
import { keptLookup } from './kept-lookup.js';
import { LivePolicy } from './live-policy.js';
import { LiveTraffic } from './live-traffic.js';
import type { Lookup } from './origin.js';
import { OriginHttp } from './origin-http.js';
import { OriginTls } from './origin-tls.js';
import { parseAuthority } from './request-target.js';
import { endWith } from './splice.js';
import { openAuthority } from './tls/authority.js';
import { trustedRoots } from './tls/roots.js';
import { type TrustFiles, writeTrustFiles } from './tls/trust-files.js';
import { openTunnel } from './tunnel.js';
import { Turns } from './turns.js';

export interface EgressOptions {
  /** The bottle's identity. */
  readonly bottle: string;
  readonly liveConfig: LiveConfigPaths;
  /** The proxy's own folder: its CA, applied.json. Created where it is not there. */
  readonly folder: string;
  /** `auditLog(root, identity, 'egress')` of state-paths. */
  readonly auditFile: string;
  /** Where `env` credentials are, and what commands run with; default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Default: the system's resolver; what it says is kept for two seconds. */
  readonly lookup?: Lookup | undefined;
  /** PEM texts of authorities that origins may have beside those that this machine trusts. */
  readonly roots?: readonly string[] | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** The proxy of one bottle. */
export interface Egress {
  /** Serves one connection from inside of the bottle. Never throws, whatever comes on it. */
  serve(connection: Duplex): void;
  /** What makes the programs in the bottle trust the proxy; host paths, to be shown read-only. */
  readonly trust: TrustFiles;
  /** What is in force now. */
  applied(): Applied;
  /** Ends every connection; the log is complete. @throws EgressError `audit-failed` */
  close(): Promise<void>;
}

const LIMITS: Limits = {
  connections: 1024,
  headerBytes: 64 * 1024,
  headerMs: 60_000,
  idleMs: 60 * 60_000,
  connectMs: 30_000,
};

/**
 * Opens the proxy of one bottle: its policy is in force, its CA is there, `applied.json` says so. A live config that cannot be
 * read lets nothing out until it can.
 * @throws EgressError `bad-folder`, `audit-failed`; DurableFsError
 */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  const { bottle, folder, env = process.env, lookup = keptLookup(systemLookup) } = options;
  const limits = { ...LIMITS, ...options.limits };
  const authority = await openAuthority(folder);
  const roots = trustedRoots(env, options.roots);
  const trust = await writeTrustFiles(folder, authority, roots);
  const log = new AuditLog(options.auditFile);
  const connecting = { lookup, connectMs: limits.connectMs };
  const tls = new OriginTls({ roots: () => roots, handshakeMs: limits.connectMs });
  const turns = new Turns();
  const live = new LiveTraffic(turns);
  let origins = new OriginHttp({ ...connecting, tls });
  const policies = new LivePolicy(options.liveConfig, folder, policy => {
    // A connection that was kept may lead where the new policy forbids.
    origins.retire();
    origins = new OriginHttp({ ...connecting, tls });
    return live.judgeAgain(policy);
  });
  const context: Context = {
    bottle,
    limits,
    live,
    turns,
    connecting,
    journal: new Journal(bottle, log),
    credentials: openCredentials({ env }),
    policy: () => policies.policy,
    origins: () => origins,
    serveRequests: (connection, target) => requests.serve(connection, target),
    inspect: (connection, target) => inspector.inspect(connection, target),
  };
  const inspector = new Inspector(authority, context);
  const requests = new RequestServer(context, (request, connection, head) =>
    connect(request, connection, head, context),
  );
  const connections = new Connections(context, requests);
  await policies.told();
  return {
    trust,
    serve: connection => connections.serve(connection),
    applied: () => policies.applied,
    close: async () => {
      await policies.close();
      await connections.close();
      await live.over();
      origins.retire();
      await log.close();
    },
  };
}

/** The connections from the bottle. */
class Connections {
  readonly #open = new Set<Duplex>();
  #served = 0;
  #closed = false;

  constructor(
    private readonly context: Context,
    private readonly requests: RequestServer,
  ) {}

  serve(connection: Duplex): void {
    const { bottle, limits } = this.context;
    connection.on('error', () => {});
    connection.allowHalfOpen = true;
    // Those that are told why they are refused are not served, but must not pile up either.
    if (this.#closed || this.#open.size >= 2 * limits.connections) {
      connection.destroy();
      return;
    }
    const serves = this.#served < limits.connections;
    this.#open.add(connection);
    if (serves) this.#served++;
    connection.once('close', () => {
      this.#open.delete(connection);
      if (serves) this.#served--;
    });
    if ('setNoDelay' in connection && typeof connection.setNoDelay === 'function')
      connection.setNoDelay(true);
    if (serves) this.requests.serve(connection, null);
    else endWith(connection, answerBytes(failureAnswer(tooMany(limits.connections), bottle, 'text')));
  }

  /** Resolves when all are over. */
  async close(): Promise<void> {
    this.#closed = true;
    const over = [...this.#open].map(connection => {
      return new Promise<void>(resolve => {
        connection.once('close', resolve);
        connection.destroy();
      });
    });
    await Promise.all(over);
  }
}

/** A CONNECT (RFC 9110, section 9.3.6): its target is all that counts in it. */
function connect(request: IncomingMessage, connection: Duplex, head: Buffer, context: Context): void {
  const target = parseAuthority(request.url ?? '');
  if (target && framingOf(request.rawHeaders) === 'none') {
    openTunnel(target, connection, head, context);
    return;
  }
  const attempt = { method: 'CONNECT', host: target?.host ?? request.url ?? '', port: target?.port ?? 0 };
  context.journal.denied(attempt, { rule: 'malformed', generation: context.policy().generation });
  const answer = denialAnswer({ ...attempt, bottle: context.bottle, rule: 'malformed' }, 'json');
  endWith(connection, answerBytes(answer));
}

function tooMany(most: number) {
  const message = `the bottle has ${most} connections open, which is as many as it may have`;
  return { status: 503, error: 'connection_limit_reached', message } as const;
}
