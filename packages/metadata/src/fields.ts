import { composeProjectOf, type Identity, parseIdentity } from '@bot-bottle/identity';
import type { BottleRecord } from './schema.js';

/** The backend that made the bottle: records without one were made when there was only docker. */
export function effectiveBackend(record: Pick<BottleRecord, 'backend'>): string {
  return record.backend || 'docker';
}

/** @throws {IdentityError} `invalid-identity` when it must be derived and the record's identity is none */
export function effectiveComposeProject(record: Pick<BottleRecord, 'composeProject' | 'identity'>): string {
  return record.composeProject || composeProjectOf(parseIdentity(record.identity));
}

/**
 * `2026-11-23T12:00:00.123+00:00`: ISO 8601 in UTC with the offset in digits, since `datetime.fromisoformat` reads no "Z"
 * before Python 3.11 (docs.python.org/3/library/datetime.html).
 */
export function formatStartedAt(at: Date): string {
  return at.toISOString().replace('Z', '+00:00');
}

/** A record for a new bottle. What is not given takes its default: now, no folder, the derived Compose project. */
export function newRecord(
  fields: { identity: Identity; agentName: string } & Partial<BottleRecord>,
  options: { now?: () => Date } = {},
): BottleRecord {
  const { now = () => new Date() } = options;
  return {
    cwd: '',
    copyCwd: false,
    startedAt: formatStartedAt(now()),
    composeProject: composeProjectOf(fields.identity),
    backend: '',
    labels: {},
    args: [],
    extra: {},
    ...fields,
  };
}
