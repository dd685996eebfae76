import { isIP } from 'node:net';
import { SessionError } from '../session/errors.js';

/** The name by which a bottle reaches the host's loopback: HOST_NAME of @bot-bottle/egress. */
export const HOST_NAME = 'host.bot-bottle.internal';

/** A service that the operator has elsewhere, as a bottle reaches it. */
export interface MovedService {
  readonly url: string;
  /** `HOST` or `HOST:PORT`. */
  readonly host: string;
  /** The line of an allowlist that lets it through. */
  readonly line: string;
}

/** @throws SessionError `bad-variable` for what is no URL, of another scheme, or with a password in it */
export function moveService(variable: string, text: string): MovedService {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new SessionError(
      'bad-variable',
      `your variable ${variable} is no URL that a bottle could use; expected http:// or https://, without a user name`,
    );
  }
  const loopback = isLoopback(url.hostname);
  const hostname = loopback ? HOST_NAME : url.hostname;
  const host = url.port === '' ? hostname : `${hostname}:${url.port}`;
  const path = `${url.pathname}${url.search}`;
  const address = isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  const flags = [...(address ? [' ip'] : []), ...(address || loopback ? [' private'] : [])];
  return {
    // What was written without a slash stays so: programs put theirs behind it.
    url: `${url.protocol}//${host}${path === '/' && !text.endsWith('/') ? '' : path}`,
    host,
    line: `${host}${flags.join('')}`,
  };
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
