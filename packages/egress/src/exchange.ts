import { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import { messageOf } from './audit/system-error.js';
import type { ClientCall } from './client-call.js';
import type { Context } from './context.js';
import { type Answer, DeniedError, denialAnswer, failureAnswer, preferredForm } from './denial.js';
import { EgressError } from './errors.js';
import { failureOf } from './failure.js';
import { endToEnd, endToEndTrailers, framingOf, valuesOf } from './headers.js';
import type { Attempt, Cut, Outcome } from './journal.js';
import type { LiveItem } from './live-traffic.js';
import { currentReach, mayReach } from './origin.js';
import type { OriginCall, OriginResponse } from './origin-call.js';
import { type Allowed, judgeRequest, type Policy, type Verdict } from './policy.js';
import { hostHeader, type RequestTarget } from './request-target.js';
import type { DenyRule } from './rule.js';
import { splice } from './splice.js';

/** Bytes of a request's body that are kept, to send it again where the origin refuses the credential. */
const KEPT_BODY = 1 << 20;

/** A request that is denied. */
interface Denial {
  readonly rule: DenyRule;
  readonly entry?: string | undefined;
}

/**
 * One request of the bottle, whether it came as plain HTTP or out of TLS that the proxy ended: judges it, records it, passes
 * it to its origin and the answer back, both unbuffered. Never throws; answers what it cannot pass on.
 */
export function exchange(client: ClientCall, where: RequestTarget, context: Context): void {
  // Nothing is known to throw past its own care; if anything does, it must not end the process that hosts the proxy.
  new Exchange(client, where, context).start().catch(() => client.cut());
}

/** Records a request that is denied, and answers it. */
export function deny(client: ClientCall, attempt: Attempt, { rule, entry }: Denial, context: Context): void {
  const { generation } = context.policy();
  context.journal.denied(attempt, { rule, generation, ...(entry !== undefined && { entry }) });
  // After what could be read in two ways, nothing on the connection can be trusted.
  if (rule === 'malformed' || rule === 'host-mismatch') client.closeAfter();
  answerDenial(client, attempt, { rule, entry }, context);
}

function answerDenial(client: ClientCall, attempt: Attempt, denial: Denial, { bottle }: Context): void {
  answer(client, denialAnswer({ ...attempt, ...denial, bottle }, formFor(client)));
}

function answer(client: ClientCall, { status, headers, body }: Answer): void {
  if (client.answered) client.cut();
  else client.answer(status, Object.entries(headers).flat(), true).end(body);
}

function formFor({ headers }: ClientCall): 'text' | 'json' {
  return preferredForm(valuesOf(headers, 'accept').join());
}

/** Ends what is still under way for an exchange. Made once: abort() without a reason makes an error, which costs as much as a judgement. */
const OVER = new Error('the exchange is over');

class Exchange implements LiveItem {
  readonly #attempt: Attempt & { readonly method: string; readonly path: string };
  readonly #controller = new AbortController();
  readonly #idle: NodeJS.Timeout;
  #verdict: Allowed | undefined;
  /** By which policy it was judged last, and how. */
  #judged: { readonly by: Policy; readonly verdict: Verdict } | undefined;
  #address: string | undefined;
  #close: ((outcome: Outcome) => void) | undefined;
  #sent = 0;
  #received = 0;
  #status: number | undefined;
  #cut: Cut | undefined;
  /** For the operator, of what the bottle cannot mend. */
  #problem: string | undefined;
  #ended = false;
  /** The origin has refused the credential. */
  #refused = false;
  /** The client's, once the answer is 101. */
  #connection: Duplex | undefined;
  /** The body so far; undefined: it is too large to be kept, or nobody would want it again. */
  #kept: Buffer[] | undefined;

  constructor(
    private readonly client: ClientCall,
    private readonly where: RequestTarget,
    private readonly context: Context,
  ) {
    const { host, port } = where.target;
    this.#attempt = { method: client.method, host, port, path: where.path };
    this.#idle = setTimeout(() => this.#destroy('proxy'), context.limits.idleMs).unref();
  }

  async start(): Promise<void> {
    const { client, context } = this;
    client.onOver(sent => this.#end(sent));
    const verdict = this.#judge(context.policy());
    if (!verdict.allowed) return this.#deny(verdict);
    if (client.body === undefined) return this.#deny({ rule: 'malformed' });
    this.#verdict = verdict;
    if (context.journal.failure) return this.#fail(context.journal.failure);
    context.live.add(this);
    await this.#try(async () => {
      // The answer to TRACE is the request, headers and all (RFC 9110, section 9.3.8).
      const credential = client.method === 'TRACE' ? undefined : verdict.route?.credential;
      await this.#send(verdict, credential && (await context.credentials.get(credential)));
    });
  }

  allowedBy(policy: Policy): boolean {
    const verdict = this.#judge(policy);
    return verdict.allowed && (this.#address === undefined || mayReach(this.#address, verdict));
  }

  cut(): void {
    const verdict = this.#judge(this.context.policy());
    const denial = verdict.allowed ? ({ rule: 'private-address' } as const) : verdict;
    try {
      if (!this.#close) this.#deny(denial);
      else if (!this.client.answered && this.#status !== 101)
        answerDenial(this.client, this.#attempt, denial, this.context);
    } finally {
      this.#destroy('policy');
    }
  }

  #judge(policy: Policy): Verdict {
    if (this.#judged?.by !== policy)
      this.#judged = { by: policy, verdict: judgeRequest(policy, this.#attempt) };
    return this.#judged.verdict;
  }

  async #send(verdict: Allowed, credential: string | undefined): Promise<void> {
    if (this.#ended) return;
    const { target, pathAndQuery } = this.where;
    const { signal } = this.#controller;
    const inClear = credential !== undefined && target.scheme === 'http';
    const step = <T extends unknown[]>(next: (...args: T) => void | Promise<void>) => {
      return (...args: T) => void this.#try(() => next(...args)).catch(() => this.#destroy('proxy'));
    };
    const call = await this.context.origins().open(
      {
        target,
        reach: currentReach(() => this.#judge(this.context.policy()), inClear),
        method: this.#attempt.method,
        path: pathAndQuery,
        headers: this.#headers(verdict, credential),
        hasBody: Boolean(this.client.body),
        upgrade: this.client.upgrade !== null,
        signal,
      },
      {
        connected: address => {
          this.#address = address;
          // The policy may have changed since the name was looked up.
          if (!this.allowedBy(this.context.policy())) throw new DeniedError('private-address');
          this.#opened(verdict, address);
        },
        information: step((status, headers) => this.client.inform(status, endToEnd(headers))),
        response: step(async incoming => {
          incoming.body.on('error', () => {});
          const fresh = incoming.status === 401 ? await this.#refreshed(verdict, credential) : undefined;
          if (fresh === undefined) return this.#pass(incoming);
          incoming.body.destroy();
          await this.#send(verdict, fresh);
        }),
        upgraded: step((incoming, connection, head) => this.#upgraded(incoming, connection, head)),
        failed: step(error => {
          throw error;
        }),
      },
    );
    this.#sendBody(call, credential !== undefined);
  }

  #headers({ route }: Allowed, credential: string | undefined): string[] {
    const name = route?.credential?.header;
    const injected = credential === undefined ? [] : [name ?? 'authorization'];
    const headers = ['Host', hostHeader(this.where.target)];
    headers.push(...endToEnd(this.client.headers, ['host', ...injected]));
    if (credential !== undefined)
      headers.push(name ?? 'Authorization', name ? credential : `Bearer ${credential}`);
    if (this.client.upgrade) headers.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
    return headers;
  }

  #opened({ rule, entry }: Allowed, address?: string): void {
    this.#address = address;
    const { generation } = this.context.policy();
    this.#close ??= this.context.journal.opened(this.#attempt, { rule, entry, generation }, address);
  }

  #sendBody({ body, setTrailers }: OriginCall, keep: boolean): void {
    const { client } = this;
    if (!body || !client.body) return;
    body.on('error', () => {});
    if (client.body.readableEnded && this.#kept) {
      setTrailers(endToEndTrailers(client.trailers()));
      body.end(Buffer.concat(this.#kept));
      return;
    }
    if (keep) this.#kept = [];
    client.body.once('end', () => {
      if (client.isWhole()) setTrailers(endToEndTrailers(client.trailers()));
      else this.#destroy('bottle');
    });
    client.body.on('data', (chunk: Buffer) => {
      this.#sent += chunk.length;
      if (this.#sent > KEPT_BODY) this.#kept = undefined;
      this.#kept?.push(chunk);
      this.#idle.refresh();
    });
    client.body.pipe(body);
  }

  /** Another value of the credential, if there is one and the request can be sent again. */
  async #refreshed(verdict: Allowed, rejected: string | undefined): Promise<string | undefined> {
    const credential = verdict.route?.credential;
    // Once: a command may make another value each time, and the origin refuse them all.
    if (!credential || rejected === undefined || this.#refused) return undefined;
    this.#refused = true;
    // What the origin answered is the bottle's to know; why there is no other value, the operator's.
    const value = await this.context.credentials.refresh(credential, rejected).catch((error: unknown) => {
      this.#problem = messageOf(error);
      return rejected;
    });
    const { body } = this.client;
    const whole = !body || (body.readableEnded && this.#kept !== undefined);
    return value !== rejected && whole && !this.#ended ? value : undefined;
  }

  #pass({ status, headers, body, hasBody, isWhole, trailers }: OriginResponse): void {
    const { client } = this;
    if (this.#ended) return void body.destroy();
    if (framingOf(headers) === undefined) throw new Error('its answer could be read in two ways');
    this.#status = status;
    body.once('end', () => {
      if (isWhole()) client.setTrailers(endToEndTrailers(trailers()));
      else this.#destroy('origin');
    });
    body.once('close', () => {
      if (!body.readableEnded) this.#destroy('origin');
    });
    this.#answer(body, client.answer(status, endToEnd(headers), hasBody));
  }

  /** As `pipe`, with fewer listeners: each answer has to have them (docs/decisions/egress-engine.md). */
  #answer(from: Readable, to: Writable): void {
    from.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      this.#idle.refresh();
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.once('end', () => to.end());
  }

  #upgraded({ status, headers }: OriginResponse, origin: Duplex, head: Buffer): void {
    if (this.#ended) return void origin.destroy();
    if (!this.client.upgrade || !(origin instanceof Socket)) {
      origin.destroy();
      throw new Error('it switched protocols unasked');
    }
    this.#status = status;
    const upgraded = this.client.upgrade(endToEnd(headers));
    this.#connection = upgraded.connection;
    this.#connection.write(head);
    origin.write(upgraded.head);
    clearTimeout(this.#idle);
    const { limits, turns } = this.context;
    splice(upgraded.connection, origin, { idleMs: limits.idleMs, turns }, ({ sent, received, cut }) => {
      this.#sent = sent;
      this.#received = received;
      this.#cut ??= cut;
      this.#end(true);
    });
  }

  async #try(step: () => void | Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#fail(error);
    }
  }

  #deny(denial: Denial): void {
    deny(this.client, this.#attempt, denial, this.context);
  }

  #fail(error: unknown): void {
    if (this.#ended || this.#cut) return;
    this.#controller.abort(OVER);
    if (error instanceof DeniedError) {
      this.#deny(error);
      return;
    }
    const ours = error instanceof EgressError && error.code !== 'origin-unreachable';
    this.#cut = ours ? 'proxy' : 'origin';
    const problem = failureOf(error);
    const failure = failureAnswer(problem, this.context.bottle, formFor(this.client));
    this.#status ??= failure.status;
    this.#problem = problem.message;
    try {
      if (this.#verdict) this.#opened(this.#verdict, this.#address);
    } catch {
      // Nothing was let out, so nothing is missing in the log.
    }
    answer(this.client, failure);
  }

  /** Ends both sides; what was answered already still goes out. */
  #destroy(cut: Cut): void {
    this.#cut ??= cut;
    this.#controller.abort(OVER);
    if (this.#connection) this.#connection.destroy();
    else this.client.cut();
  }

  #end(sent: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#idle);
    this.context.live.delete(this);
    if (!sent) this.#cut ??= 'bottle';
    this.#close?.({
      sent: this.#sent,
      received: this.#received,
      status: this.#status,
      cut: this.#cut,
      problem: this.#problem,
    });
    const { body } = this.client;
    // Where all was passed on, both ways, nothing is under way.
    if (this.#cut || (body && !body.readableEnded)) this.#controller.abort(OVER);
  }
}
