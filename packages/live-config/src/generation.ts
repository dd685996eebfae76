import { createHash } from 'node:crypto';
import { LiveConfigError } from './errors.js';

/** What generation.json says: the policy's number, and the SHA-256 of each file as it then was; null: there was none. */
export interface Generation {
  readonly generation: number;
  readonly allowlist: string | null;
  readonly routes: string | null;
}

/**
 * What undo.json says: the two files of this generation, and the digests of those that a writer is about to put there. Null: no
 * such file. It counts as long as generation.json still has this number.
 */
export interface Undo {
  readonly generation: number;
  readonly before: { readonly allowlist: Uint8Array | null; readonly routes: Uint8Array | null };
  readonly after: { readonly allowlist: string | null; readonly routes: string | null };
}

export function digest(bytes: Uint8Array | null): string | null {
  return bytes && createHash('sha256').update(bytes).digest('hex');
}

export function encodeGeneration({ generation, allowlist, routes }: Generation): string {
  return `${JSON.stringify({ generation, allowlist, routes }, null, 2)}\n`;
}

/** @throws LiveConfigError `bad-generation` */
export function decodeGeneration(text: string, source: string): Generation {
  const value = record(parseJson(text));
  if (
    !value ||
    !isCount(value['generation']) ||
    !isDigest(value['allowlist']) ||
    !isDigest(value['routes'])
  ) {
    throw new LiveConfigError(
      'bad-generation',
      `${source} does not hold a generation and two digests; without it the two files are read as they are`,
      { source },
    );
  }
  return { generation: value['generation'], allowlist: value['allowlist'], routes: value['routes'] };
}

export function encodeUndo({ generation, before, after }: Undo): string {
  const base64 = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString('base64');
  const texts = { allowlist: base64(before.allowlist), routes: base64(before.routes) };
  return `${JSON.stringify({ generation, before: texts, after }, null, 2)}\n`;
}

/** Null where the text is no undo record: it was never a writer's, which replaces it whole. */
export function decodeUndo(text: string): Undo | null {
  const value = record(parseJson(text));
  const before = record(value?.['before']);
  const after = record(value?.['after']);
  if (!before || !after || !isCount(value?.['generation'])) return null;
  const [oldAllowlist, oldRoutes] = [before['allowlist'], before['routes']];
  const [newAllowlist, newRoutes] = [after['allowlist'], after['routes']];
  if (!isText(oldAllowlist) || !isText(oldRoutes) || !isDigest(newAllowlist) || !isDigest(newRoutes))
    return null;
  const bytes = (base64: string | null) => (base64 === null ? null : Buffer.from(base64, 'base64'));
  return {
    generation: value['generation'],
    before: { allowlist: bytes(oldAllowlist), routes: bytes(oldRoutes) },
    after: { allowlist: newAllowlist, routes: newRoutes },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isDigest(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
}
