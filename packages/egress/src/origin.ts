import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { isLoopback, isPublicAddress } from './addresses.js';
import { messageOf } from './audit/system-error.js';
import { DeniedError } from './denial.js';
import { EgressError } from './errors.js';
import type { Target } from './target.js';

/** A name that leads to the host's own 127.0.0.1, as Docker's `host.docker.internal`; its allowlist entry must say `private`. */
export const HOST_NAME = 'host.bot-bottle.internal';

/** Looks a name up; all its addresses, in the order to try them. Node's `dns.promises.lookup` is one. */
export type Lookup = (name: string, options: { all: true; verbatim: true }) => Promise<LookupAddress[]>;

/** Which addresses a connection may go to. */
export interface Reach {
  /** Those that are not public too. */
  readonly private: boolean;
  /** None but this machine's loopback: what is sent is not encrypted, and must not cross a network. */
  readonly loopbackOnly?: boolean;
}

export interface ConnectOptions {
  readonly lookup?: Lookup | undefined;
  /** Milliseconds for the look-up and the connection together. */
  readonly connectMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks a name up once and connects to one of the addresses that were found and may be reached: trying them in turn as RFC 8305 says,
 * and never asking a resolver again, which could answer otherwise (DNS rebinding).
 * @throws DeniedError `private-address` where none may be reached, `credential-in-clear`; EgressError `origin-unreachable`
 */
export async function connectOrigin(target: Target, reach: Reach, options: ConnectOptions): Promise<Socket> {
  const deadline = AbortSignal.timeout(options.connectMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  try {
    const addresses = reachable(await resolve(target.host, options.lookup ?? systemLookup, signal), reach);
    return await connect(addresses, target.port, signal);
  } catch (cause) {
    if (cause instanceof DeniedError) throw cause;
    throw new EgressError('origin-unreachable', unreachable(target, cause), { cause });
  }
}

/** Whether a connection to this address still may go there. */
export function mayReach(address: string, reach: Reach): boolean {
  return reach.private || isPublicAddress(address);
}

async function resolve(host: string, lookup: Lookup, signal: AbortSignal): Promise<LookupAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  if (host === HOST_NAME) return [{ address: '127.0.0.1', family: 4 }];
  return aborting(lookup(host, { all: true, verbatim: true }), signal);
}

function reachable(addresses: LookupAddress[], reach: Reach): LookupAddress[] {
  const permitted = addresses.filter(({ address }) => mayReach(address, reach));
  if (permitted.length === 0) throw new DeniedError('private-address');
  if (!reach.loopbackOnly) return permitted;
  const near = permitted.filter(({ address }) => isLoopback(address));
  if (near.length === 0) throw new DeniedError('credential-in-clear');
  return near;
}

function connect(addresses: LookupAddress[], port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({
      host: 'addresses.invalid', // never looked up
      port,
      // What was judged is what is connected to.
      lookup: (_name, _options, callback) => callback(null, addresses),
      autoSelectFamily: true,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    const fail = (cause: unknown) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(cause);
    };
    const onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', fail);
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', fail);
      // From here on whoever uses it listens to its end; an error must find a listener at any time.
      socket.on('error', () => {});
      resolve(socket);
    });
    if (signal.aborted) onAbort();
  });
}

function aborting<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function unreachable({ host, port }: Target, cause: unknown): string {
  const tried =
    cause instanceof Object && 'errors' in cause && Array.isArray(cause.errors) ? cause.errors : [cause];
  return `${host}:${port} cannot be reached: ${tried.map(messageOf).join('; ')}`;
}
