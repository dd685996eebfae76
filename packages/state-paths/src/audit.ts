import type { Identity } from '@bot-bottle/identity';
import { bottlePaths } from './bottle.js';
import { StatePathsError } from './errors.js';
import { rootPaths } from './root.js';

/** Who keeps an audit log of a bottle. */
export type AuditWriter = 'egress';

const WRITERS: ReadonlySet<string> = new Set<AuditWriter>(['egress']);

/**
 * `<root>/audit/<identity>.<writer>.jsonl`: what a bottle did, one JSON object a line, kept when its state folder goes.
 * @throws {StatePathsError} `bad-root`, `unsafe-name`
 */
export function auditLog(root: string, identity: Identity, writer: AuditWriter): string {
  const { audit } = rootPaths(root);
  if (!WRITERS.has(writer)) {
    throw new StatePathsError(
      'unsafe-name',
      audit,
      `expected an audit log's writer: ${[...WRITERS].join(', ')}`,
    );
  }
  return `${audit}/${bottlePaths(root, identity).identity}.${writer}.jsonl`;
}
