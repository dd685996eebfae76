import { isIP } from 'node:net';
import { isInside } from './addresses.js';
import type { DenyRule } from './rule.js';

/** What was denied, as far as it could be understood. */
export interface DeniedAttempt {
  readonly bottle: string;
  readonly rule: DenyRule;
  readonly method: string | null;
  readonly host: string;
  readonly port: number;
  readonly path?: string | undefined;
  readonly entry?: string | undefined;
}

/** An answer that the proxy gives by itself. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What the status line can say of it: of what answers a CONNECT, Python, Go, Java and wget show nothing else. */
  readonly phrase?: string;
}

/** Thrown where a decision falls deep within the making of a connection. */
export class DeniedError extends Error {
  override readonly name = 'DeniedError';

  constructor(readonly rule: DenyRule) {
    super(rule);
  }
}

/** The answer to a denied request: 403 (400 where it is malformed), in a form for people or as JSON. */
export function denialAnswer(attempt: DeniedAttempt, as: 'text' | 'json'): Answer {
  const { bottle, rule, method, host, port, path, entry } = attempt;
  const allow = allowingCommand(attempt);
  const where = host === '' ? 'this request' : `${authority(host, port)}`;
  const message = `bot-bottle denied ${where} to the bottle ${bottle} (${rule}): ${reason(attempt)}.`;
  const error = { type: 'egress_denied', rule, message, bottle, host, port, method, path, entry, allow };
  const denied = answer(rule === 'malformed' ? 400 : 403, as === 'json', {
    proxyStatus: `error=${rule === 'malformed' ? 'http_request_error' : 'http_request_denied'}; details="${rule}"`,
    json: { error: { ...error, method: method ?? undefined } },
    text: allow === undefined ? message : `${message}\nTo allow it, run on the host: ${allow}`,
  });
  const shown = allow === undefined ? '' : `; to allow it, run on the host: ${allow}`;
  return { ...denied, phrase: `${REASONS[denied.status]}: ${rule}${shown}` };
}

/** The answer where the proxy cannot serve what the policy would let out. */
export function failureAnswer(failure: Failure, bottle: string, as: 'text' | 'json'): Answer {
  const { status, error, message } = failure;
  return answer(status, as === 'json', {
    proxyStatus: `error=${error}`,
    json: { error: { type: 'egress_failed', message, bottle } },
    text: message,
  });
}

/** `error` is a type of RFC 9209, section 2.3. */
export interface Failure {
  readonly status: 502 | 503 | 504;
  readonly error: string;
  readonly message: string;
}

/** An answer as the bytes that end a connection. */
export function answerBytes({ status, headers, body, phrase = REASONS[status] }: Answer): string {
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `HTTP/1.1 ${status} ${phrase}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Whether the client would rather have JSON. */
export function preferredForm(accept: string | undefined): 'text' | 'json' {
  const json = accept?.search(/\bjson\b/i) ?? -1;
  const text = accept?.search(/\btext\//i) ?? -1;
  return json >= 0 && (text < 0 || json < text) ? 'json' : 'text';
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function answer(
  status: number,
  asJson: boolean,
  { proxyStatus, json, text }: { proxyStatus: string; json: object; text: string },
): Answer {
  const body = asJson ? `${JSON.stringify(json)}\n` : `${text}\n`;
  return {
    status,
    headers: {
      'Content-Type': asJson ? 'application/json' : 'text/plain; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': 'no-store',
      'Proxy-Status': `bot-bottle; ${proxyStatus}`,
    },
    body,
  };
}

function reason({ rule, method, host, port, path, entry }: DeniedAttempt): string {
  switch (rule) {
    case 'host-not-allowed':
      return `no entry of its allowlist names ${host}`;
    case 'port-not-allowed':
      return `its allowlist names the host, but not the port ${port} (${entry})`;
    case 'not-routed':
      return `no route of the host lets ${method} ${path} out`;
    case 'private-address':
      return 'the name leads to addresses that are not public, and no entry says "private"';
    case 'host-mismatch':
      return 'the Host header is not the host that the connection was asked for';
    case 'server-name-mismatch':
      return 'the TLS server name is not the host that the connection was asked for';
    case 'server-name-missing':
      return 'the entry says "sni", and the TLS client hello names no server';
    case 'server-name-encrypted':
      return 'the entry says "sni", and the TLS client hello has an encrypted part (ECH)';
    case 'unknown-protocol':
      return 'the connection carries neither TLS nor HTTP, and no entry names its port';
    case 'credential-in-clear':
      return 'the credential of the route would cross a network unencrypted';
    case 'malformed':
      return 'it is no request that a proxy may pass on';
  }
}

/** What an operator types to let it out; undefined where nothing would. */
function allowingCommand(attempt: DeniedAttempt): string | undefined {
  if (attempt.rule === 'not-routed') return `bot-bottle policy ${attempt.bottle} --routes FILE`;
  const line = allowingLine(attempt);
  return line === undefined ? undefined : `bot-bottle allow ${attempt.bottle} ${quoted(line)}`;
}

/** The allowlist line that would let it out; undefined where no such line does. */
function allowingLine({ rule, host, port }: DeniedAttempt): string | undefined {
  const where = port === 80 || port === 443 ? bracketed(host) : authority(host, port);
  const address = isIP(host) === 0 ? '' : ' ip';
  const inside = rule === 'private-address' || isInside(host) ? ' private' : '';
  switch (rule) {
    case 'host-not-allowed':
    case 'port-not-allowed':
    case 'private-address':
      return `${where}${address}${inside}`;
    case 'unknown-protocol':
      return `${authority(host, port)}${address}${inside}`;
    default:
      return undefined;
  }
}

function authority(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function quoted(line: string): string {
  return /[^\w.:-]/.test(line) ? `"${line}"` : line;
}
