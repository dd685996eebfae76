import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, connect as netConnect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { HOST_NAME, isLoopback, isOwnAddress, isPublicAddress } from './addresses.js';
import { messageOf } from './audit/system-error.js';
import { DeniedError } from './denial.js';
import { EgressError } from './errors.js';
import type { Verdict } from './policy.js';
import type { Relay } from './relay.js';
import type { Target } from './target.js';

/** Looks a name up; all its addresses, in the order to try them. Node's `dns.promises.lookup` is one. */
export type Lookup = (name: string, options: { all: true; verbatim: true }) => Promise<LookupAddress[]>;

/** Which addresses a connection may go to. */
export interface Reach {
  /** Those that are not public too, and this machine's own. */
  readonly private: boolean;
  /** None but this machine's loopback: what is sent is not encrypted, and must not cross a network. */
  readonly loopbackOnly?: boolean;
}

/** The reach that a verdict gives, asked when the addresses are there: the policy may change while a name is looked up. */
export function currentReach(judge: () => Verdict, loopbackOnly = false): Reach {
  return new CurrentReach(judge, loopbackOnly);
}

/** A class: an object with a getter of its own, made for each request, showed in the profile. */
class CurrentReach implements Reach {
  constructor(
    private readonly judge: () => Verdict,
    readonly loopbackOnly: boolean,
  ) {}

  get private(): boolean {
    const verdict = this.judge();
    return verdict.allowed && verdict.private;
  }
}

export interface ConnectOptions {
  readonly lookup?: Lookup | undefined;
  /** Milliseconds for the look-up and the connection together. */
  readonly connectMs: number;
  readonly signal?: AbortSignal;
  /** What reads from the connection in place of its stream; the connection is paused. */
  readonly relay?: Relay;
}

/**
 * Looks a name up once and connects to one of the addresses that were found and may be reached: trying them in turn as RFC 8305 says,
 * and never asking a resolver again, which could answer otherwise (DNS rebinding).
 * @throws DeniedError `private-address` where none may be reached, `credential-in-clear`; EgressError `origin-unreachable`
 */
export async function connectOrigin(target: Target, reach: Reach, options: ConnectOptions): Promise<Socket> {
  const attempt = new AbortController();
  const onAbort = () => attempt.abort(options.signal?.reason);
  const onTimeout = () => attempt.abort(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
  const timer = setTimeout(onTimeout, options.connectMs);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  try {
    const found = await resolve(target.host, options.lookup ?? systemLookup, attempt.signal);
    return await connect(reachable(found, reach), target.port, attempt.signal, options.relay);
  } catch (cause) {
    if (cause instanceof DeniedError) throw cause;
    throw new EgressError('origin-unreachable', unreachable(target, cause), { cause });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Whether a connection to this address still may go there. */
export function mayReach(address: string, reach: Reach): boolean {
  return reach.private || (isPublicAddress(address) && !isOwnAddress(address));
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

function connect(
  addresses: LookupAddress[],
  port: number,
  signal: AbortSignal,
  relay: Relay | undefined,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = netConnect({
      ...where(addresses),
      port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      ...(relay && { onread: relay.onread }),
    });
    if (relay) socket.pause();
    const fail = (cause: unknown) => {
      socket.destroy();
      reject(cause);
    };
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    if (signal.aborted) fail(signal.reason);
    // Stays: an error must find a listener at any time, and whoever uses the connection is told by its end.
    socket.on('error', fail);
    socket.once('connect', () => resolve(socket));
  });
}

/** What was judged is what is connected to: one address, or all of them in turn. */
function where(addresses: LookupAddress[]): Pick<TcpNetConnectOpts, 'host' | 'lookup' | 'autoSelectFamily'> {
  const [only, ...others] = addresses;
  if (only && others.length === 0) return { host: only.address };
  return {
    host: 'addresses.invalid', // never looked up
    lookup: (_name, _options, callback) => callback(null, addresses),
    autoSelectFamily: true,
  };
}

function aborting<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
    promise.then(resolve, reject);
  });
}

function unreachable({ host, port }: Target, cause: unknown): string {
  const tried =
    cause instanceof Object && 'errors' in cause && Array.isArray(cause.errors) ? cause.errors : [cause];
  return `${host}:${port} cannot be reached: ${tried.map(messageOf).join('; ')}`;
}
