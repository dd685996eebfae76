import { join } from 'node:path';
import { program } from '@bot-bottle/test-kit';

const dist = join(__dirname, '..', 'dist', 'index.js');

/** A program for a process of its own: the body of an async function that has the built package's log, `fs`, and `args`. */
export function auditing(body: string, ...args: string[]): string[] {
  return program(
    `import { AuditLog, readAuditLog } from ${JSON.stringify(dist)};
import * as fs from 'node:fs';
const record = (event, id) => ({
  time: new Date().toISOString(), bottle: 'shell-abcde', event, id, method: 'CONNECT', host: 'example.com',
  port: 443, rule: event === 'denied' ? 'host-not-allowed' : 'allowlist', generation: 1,
});
export default async (...args) => { ${body} };`,
    args,
  );
}
