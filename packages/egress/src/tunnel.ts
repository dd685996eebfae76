import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ClientHello } from './client-hello.js';
import type { Context } from './context.js';
import { answerBytes, DeniedError, denialAnswer, failureAnswer } from './denial.js';
import { failureOf } from './failure.js';
import { type Protocol, protocolOf } from './first-bytes.js';
import type { Cut, Outcome } from './journal.js';
import type { LiveItem } from './live-traffic.js';
import { connectOrigin, currentReach, mayReach } from './origin.js';
import { type Allowed, canonicalHost, judgeTarget, type Policy } from './policy.js';
import { Relay } from './relay.js';
import type { DenyRule } from './rule.js';
import { endWith, reset, splice } from './splice.js';
import type { Target } from './target.js';

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
/** A fatal alert `access_denied` (RFC 8446, section 6): what a TLS client can show instead of a connection that broke. */
const TLS_ACCESS_DENIED = Buffer.from([21, 3, 3, 0, 2, 2, 49]);

/** Serves a CONNECT: judges it, connects, and passes on what the client sends if that is for the same host. Never throws. */
export function openTunnel(target: Target, client: Duplex, head: Buffer, context: Context): void {
  // Nothing is known to throw; if anything does, it must not end the process that hosts the proxy.
  new Tunnel(target, client, context).open(head).catch(() => client.destroy());
}

class Tunnel implements LiveItem {
  readonly #opening = new AbortController();
  #verdict: Allowed | undefined;
  #origin: Socket | undefined;
  #relay: Relay | undefined;
  /** What the client sent so far, and what that is. */
  #first: Buffer = Buffer.alloc(0);
  /** What the origin sent before that. */
  #greeting: Buffer | undefined;
  #protocol: Protocol = 'more';
  #deadline: NodeJS.Timeout | undefined;
  #close: ((outcome: Outcome) => void) | undefined;
  #cut: Cut | undefined;
  /** It is a tunnel no more: over, or its requests are served one by one. */
  #over = false;

  constructor(
    private readonly target: Target,
    private readonly client: Duplex,
    private readonly context: Context,
  ) {}

  async open(head: Buffer): Promise<void> {
    const { target, client, context } = this;
    const verdict = judgeTarget(context.policy(), target);
    if (!verdict.allowed) return this.#deny(verdict);
    if (context.journal.failure) return this.#fail(context.journal.failure);
    this.#verdict = verdict;
    context.live.add(this);
    client.once('close', this.#onClientClose);
    try {
      if (!verdict.inspected) this.#origin = await this.#connect();
      // The policy may have changed since the name was looked up; all else that it forbids, it has cut.
      if (!this.allowedBy(context.policy())) throw new DeniedError('private-address');
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#over) return void this.#origin?.destroy();
    client.write(ESTABLISHED);
    this.#listen(verdict, head);
  }

  allowedBy(policy: Policy): boolean {
    const verdict = judgeTarget(policy, this.target);
    if (!verdict.allowed || verdict.inspected !== this.#verdict?.inspected) return false;
    const address = this.#origin?.remoteAddress;
    return (address === undefined || mayReach(address, verdict)) && !this.#refusal(verdict);
  }

  cut(): void {
    const verdict = judgeTarget(this.context.policy(), this.target);
    const connecting = this.#origin === undefined && this.#verdict?.inspected === false;
    this.#cut = 'policy';
    // The origin's connection follows when all that a policy cuts are cut on this side.
    if (!connecting) reset(this.client);
    else if (verdict.allowed) this.#opening.abort();
    else this.#opening.abort(new DeniedError(verdict.rule));
  }

  #connect(): Promise<Socket> {
    this.#relay = new Relay();
    const reach = currentReach(() => judgeTarget(this.context.policy(), this.target));
    const options = { ...this.context.connecting, signal: this.#opening.signal, relay: this.#relay };
    return connectOrigin(this.target, reach, options);
  }

  /** Waits for what the client sends first; where any protocol may go, also for an origin that speaks first. */
  #listen({ inspected, anyProtocol }: Allowed, head: Buffer): void {
    const { client } = this;
    const origin = this.#origin;
    origin?.once('close', this.#onOriginClose);
    const { headerMs, idleMs } = this.context.limits;
    const patient = anyProtocol && !inspected;
    if (origin && patient) this.#relay?.first(origin, this.#onGreeting);
    this.#deadline = setTimeout(() => client.destroy(), patient ? idleMs : headerMs).unref();
    client.on('data', this.#onFirst);
    client.once('end', this.#onClientEnd);
    if (head.length > 0) this.#onFirst(head);
  }

  #stopListening(): void {
    clearTimeout(this.#deadline);
    this.client.off('data', this.#onFirst).off('end', this.#onClientEnd).pause();
    this.#origin?.pause();
  }

  readonly #onFirst = (chunk: Buffer): void => {
    this.#first = this.#first.length === 0 ? chunk : Buffer.concat([this.#first, chunk]);
    this.#protocol = protocolOf(this.#first);
    if (this.#protocol !== 'more') this.#decide();
  };

  readonly #onGreeting = (chunk: Buffer): void => {
    this.#protocol = 'other';
    this.#greeting = chunk;
    this.#decide();
  };

  readonly #onClientEnd = (): void => {
    this.#protocol = 'other';
    // Who leaves without a word has said nothing that could be denied.
    if (this.#first.length > 0 || this.#verdict?.anyProtocol) this.#decide();
    else this.client.destroy();
  };

  readonly #onClientClose = (): void => this.#end({ sent: 0, received: 0, cut: 'bottle' });

  readonly #onOriginClose = (): void => {
    this.#cut ??= 'origin';
    this.client.destroy();
  };

  #decide(): void {
    this.#stopListening();
    const verdict = judgeTarget(this.context.policy(), this.target);
    if (verdict.allowed) this.#verdict = verdict;
    const rule = verdict.allowed ? this.#refusal(verdict) : verdict.rule;
    if (rule !== undefined) this.#refuse(rule, verdict.entry);
    else if (this.#protocol === 'http' || this.#verdict?.inspected) this.#serveRequests();
    else this.#splice();
  }

  /** Why what the client sent may not go through; undefined: it may. */
  #refusal(verdict: Allowed): DenyRule | undefined {
    switch (this.#protocol) {
      case 'more':
      case 'http':
        return undefined;
      case 'broken':
        return 'malformed';
      case 'other':
        return verdict.anyProtocol && !verdict.inspected ? undefined : 'unknown-protocol';
      default:
        return refusalOfHello(this.#protocol, this.target, verdict);
    }
  }

  #refuse(rule: DenyRule, entry: string | undefined): void {
    this.#recordDenial({ rule, entry });
    this.#over = true;
    this.#leave();
    this.#origin?.destroy();
    const tls = typeof this.#protocol === 'object' || this.#protocol === 'broken';
    endWith(this.client, tls ? TLS_ACCESS_DENIED : '');
  }

  #serveRequests(): void {
    const { client, target, context } = this;
    this.#over = true;
    this.#leave();
    this.#origin?.destroy();
    client.unshift(this.#first);
    if (this.#protocol === 'http') context.serveRequests(client, { ...target, scheme: 'http' });
    else context.inspect(client, target);
  }

  #splice(): void {
    const { client, context } = this;
    const origin = this.#origin;
    if (!origin) return;
    try {
      this.#record();
    } catch {
      client.destroy();
      return;
    }
    this.#leave(true);
    if (this.#greeting) client.write(this.#greeting);
    if (this.#first.length > 0) origin.write(this.#first);
    const { limits, turns } = context;
    const options = { idleMs: limits.idleMs, relay: this.#relay, turns };
    splice(client, origin, options, outcome => this.#end(outcome));
  }

  /** Others listen to the connections from now on. */
  #leave(stillLive = false): void {
    this.client.off('close', this.#onClientClose);
    this.#origin?.off('close', this.#onOriginClose);
    if (!stillLive) this.context.live.delete(this);
  }

  #record(): void {
    const { generation } = this.context.policy();
    if (!this.#verdict || this.#close) return;
    const { rule, entry } = this.#verdict;
    this.#close = this.context.journal.opened(
      { method: 'CONNECT', ...this.target },
      { rule, entry, generation },
      this.#origin?.remoteAddress,
    );
  }

  #end(outcome: Outcome): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    this.context.live.delete(this);
    if (this.#origin) this.#origin.destroy();
    else this.#opening.abort();
    try {
      // Also where the client left before it sent anything.
      this.#record();
    } catch {
      // Nothing was let out, so nothing is missing in the log.
    }
    this.#close?.({ ...outcome, cut: this.#cut ?? outcome.cut });
  }

  #recordDenial({ rule, entry }: { rule: DenyRule; entry?: string | undefined }): void {
    const { generation } = this.context.policy();
    const decision = { rule, generation, ...(entry !== undefined && { entry }) };
    this.context.journal.denied({ method: 'CONNECT', ...this.target }, decision);
  }

  #deny(denial: { readonly rule: DenyRule; readonly entry?: string | undefined }): void {
    this.#recordDenial(denial);
    const { bottle } = this.context;
    endWith(
      this.client,
      answerBytes(denialAnswer({ method: 'CONNECT', ...this.target, ...denial, bottle }, 'json')),
    );
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    if (error instanceof DeniedError) {
      this.#over = true;
      this.#leave();
      this.#origin?.destroy();
      this.#deny(error);
      return;
    }
    const problem = failureOf(error);
    const failure = failureAnswer(problem, this.context.bottle, 'json');
    this.#end({ sent: 0, received: 0, status: failure.status, cut: 'origin', problem: problem.message });
    endWith(this.client, answerBytes(failure));
  }
}

function refusalOfHello(hello: ClientHello, target: Target, { sni }: Allowed): DenyRule | undefined {
  if (hello.serverName === null) return sni ? 'server-name-missing' : undefined;
  if (canonicalHost(hello.serverName) !== target.host) return 'server-name-mismatch';
  return hello.encrypted && sni ? 'server-name-encrypted' : undefined;
}
