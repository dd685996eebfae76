import { readdirSync } from 'node:fs';
import { type Identity, isIdentity } from '@bot-bottle/identity';
import { bottlePaths } from './bottle.js';
import { StatePathsError } from './errors.js';
import { checkFolder } from './folder.js';
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

/**
 * The bottles that have such a log, sorted, also those that are gone; links and folders of such a name are none.
 * @throws {StatePathsError} `bad-root`, `not-a-folder` when `audit/` is a link or file, `cannot-list`
 */
export function listAuditLogs(root: string, writer: AuditWriter): Identity[] {
  const { audit } = rootPaths(root);
  if (checkFolder(audit) === 'absent') return [];
  const end = `.${writer}.jsonl`;
  try {
    return readdirSync(audit, { withFileTypes: true })
      .filter(entry => entry.isFile() && entry.name.endsWith(end))
      .map(entry => entry.name.slice(0, -end.length))
      .filter(isIdentity)
      .sort();
  } catch (cause) {
    throw new StatePathsError('cannot-list', audit, `cannot list ${audit}`, { cause });
  }
}
