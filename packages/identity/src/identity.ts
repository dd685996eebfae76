import { IdentityError } from './errors.js';
import { slugify } from './slug.js';
import { type RandomSource, randomSuffix, SUFFIX_LENGTH } from './suffix.js';

declare const brand: unique symbol;

/** Text that was minted or validated: one safe path segment, `<slug>-<5 characters of a-z0-9>`. */
export type Identity = string & { readonly [brand]: 'Identity' };

/** Longest identity that is read, in characters (a DNS label). Minted ones are shorter: older tools made long ones. */
export const MAX_IDENTITY_LENGTH = 63;

// `$` without the m flag is the very end: unlike in Python or Perl, no trailing newline gets past it.
const IDENTITY = /^[a-z0-9](?:[a-z0-9-]{0,55}[a-z0-9])?-[a-z0-9]{5}$/;

/** A new identity for an agent. Makes no reservation: `reserveIdentity` of @bot-bottle/state-paths does. */
export function mintIdentity(agentName: string, options: { random?: RandomSource } = {}): Identity {
  return `${slugify(agentName)}-${randomSuffix(options.random)}` as Identity;
}

/** True for text that is safe as one path segment, container name, Compose project part and DNS label. */
export function isIdentity(text: unknown): text is Identity {
  return typeof text === 'string' && IDENTITY.test(text);
}

/** @throws {IdentityError} `invalid-identity` */
export function parseIdentity(text: string): Identity {
  if (isIdentity(text)) return text;
  throw new IdentityError(
    'invalid-identity',
    `${quote(text)} is no identity: expected a slug of a-z, 0-9 and "-", a dash, and ${SUFFIX_LENGTH} characters of ` +
      `a-z and 0-9, at most ${MAX_IDENTITY_LENGTH} characters in all, such as "claude-x7k2m"`,
  );
}

/** The two halves of an identity; the suffix is its last 5 characters. */
export function splitIdentity(identity: Identity): { slug: string; suffix: string } {
  const valid = parseIdentity(identity);
  return { slug: valid.slice(0, -SUFFIX_LENGTH - 1), suffix: valid.slice(-SUFFIX_LENGTH) };
}

/** The Compose project of a bottle whose record names none. Project names: docs.docker.com/compose/how-tos/project-name */
export function composeProjectOf(identity: Identity): string {
  return `bot-bottle-${parseIdentity(identity)}`;
}

/** What was refused, fit for one line of a terminal: control characters escaped, 1 MB cut. */
function quote(text: unknown): string {
  if (typeof text !== 'string') return `a value of type ${typeof text}`;
  const head = JSON.stringify(text.slice(0, MAX_IDENTITY_LENGTH + 1)).replace(
    /[^ -~]/g,
    c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return text.length > MAX_IDENTITY_LENGTH + 1 ? `${head}…` : head;
}
