import type { ValueKind } from '../spec.js';

/** Kinds whose values only bot-bottle itself knows. */
export function isAsked(kind: ValueKind): boolean {
  return kind === 'identity' || kind === 'recorded' || kind === 'agent' || kind === 'backend';
}
