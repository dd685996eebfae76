/**
 * Longest slug that is minted, in characters. With the suffix an identity has then at most 36, so that
 * `bot-bottle-<identity>-<service>` still fits a DNS label (63, RFC 1035 §2.3.4).
 */
export const MAX_SLUG_LENGTH = 30;

/** More of a name than this cannot reach the slug; a name of 1 MB costs no more than a short one. */
const LONGEST_NAME_READ = 256;

/** Device names that Windows reserves in every folder (learn.microsoft.com, "Naming Files, Paths, and Namespaces"). */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

const FALLBACK = 'agent';

/**
 * The readable half of an identity: lower-case ASCII letters and digits with single dashes between words, 1 to 30
 * characters, never a name that Windows reserves. Accents are dropped; other scripts and emoji are not transliterated,
 * and a name of which nothing is left gives `agent`. Every string is accepted, and a slug gives itself.
 */
export function slugify(agentName: string): string {
  const slug = agentName
    .slice(0, LONGEST_NAME_READ)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, MAX_SLUG_LENGTH)
    .replace(/-$/, '');
  if (slug === '') return FALLBACK;
  return RESERVED.test(slug) ? `${slug}-${FALLBACK}` : slug;
}
