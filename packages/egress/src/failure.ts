import { messageOf } from './audit/system-error.js';
import type { Failure } from './denial.js';
import { EgressError } from './errors.js';

/** What the bottle is told where something that is let out could not be done. */
export function failureOf(error: unknown): Failure {
  const message = messageOf(error);
  if (!(error instanceof EgressError)) {
    return {
      status: 502,
      error: 'connection_terminated',
      message: `the origin ended the connection: ${message}`,
    };
  }
  if (error.code === 'audit-failed') {
    return {
      status: 503,
      error: 'proxy_internal_error',
      message: `nothing is let out that cannot be recorded: ${message}`,
    };
  }
  if (error.code !== 'origin-unreachable') return { status: 502, error: 'proxy_internal_error', message };
  const code = codeOf(error.cause);
  if (/^(ETIMEDOUT|TimeoutError)$/.test(code)) return { status: 504, error: 'connection_timeout', message };
  if (/^(ENOTFOUND|EAI_|ENODATA)/.test(code)) return { status: 502, error: 'dns_error', message };
  if (code === 'ECONNREFUSED') return { status: 502, error: 'connection_refused', message };
  return { status: 502, error: 'destination_unavailable', message };
}

/** Of a system error; the class of an error of another realm is not ours, so that says nothing. */
function codeOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return '';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return 'name' in cause ? String(cause.name) : '';
}
