import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from './context.js';
import type { HttpTarget } from './target.js';

/**
 * One request of the bottle, whether it came as plain HTTP or out of a TLS connection that the proxy ended: judges it,
 * records it, passes it to its origin and the answer back, both unbuffered. Never throws; answers what it cannot pass on.
 */
export declare function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  target: HttpTarget,
  context: Context,
): void;
