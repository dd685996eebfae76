import { existsSync } from 'node:fs';
import { type Identity, isIdentity } from '@bot-bottle/identity';
import {
  auditLog,
  type BottlePaths,
  bottlePaths,
  checkBottleFolder,
  listAuditLogs,
  listIdentities,
} from '@bot-bottle/state-paths';
import { CliError } from '../output/errors.js';
import { nearest } from '../output/nearest.js';

const SHOWN_CANDIDATES = 10;

/**
 * The bottle that `text` names: its whole identity, or a start of it that no other bottle has.
 * @throws CliError `no-such-bottle`, `ambiguous-identity`
 */
export function resolveBottle(root: string, text: string): BottlePaths {
  if (isIdentity(text)) {
    const paths = bottlePaths(root, text);
    // Without a look at the others: a whole name stays quick among 100,000, also where it starts another one.
    if (checkBottleFolder(paths) === 'folder') return paths;
  }
  return bottlePaths(root, onlyMatch(text, listIdentities(root)));
}

/**
 * As `resolveBottle`, but of a bottle that is gone the audit log is enough.
 * @throws CliError `no-such-bottle`, `ambiguous-identity`
 */
export function resolveRecorded(root: string, text: string): BottlePaths {
  if (isIdentity(text) && existsSync(auditLog(root, text, 'egress'))) return bottlePaths(root, text);
  return bottlePaths(root, onlyMatch(text, recordedIdentities(root)));
}

/** The bottles that are there, or of which an audit log stays, sorted. */
export function recordedIdentities(root: string): Identity[] {
  return [...new Set([...listIdentities(root), ...listAuditLogs(root, 'egress')])].sort();
}

/** Of sorted identities; one that is the text itself comes before those that only begin with it. */
function onlyMatch(text: string, identities: readonly Identity[]): Identity {
  const matches = text === '' ? [] : identities.filter(identity => identity.startsWith(text));
  const [match, second] = matches;
  if (match === undefined) throw noSuchBottle(text, identities);
  if (second !== undefined && match !== text) throw ambiguous(text, matches);
  return match;
}

function noSuchBottle(text: string, identities: readonly Identity[]): CliError {
  const meant = nearest(text, identities);
  const expected =
    identities.length === 0 ? 'there are none yet' : 'expected an identity or the start of one';
  return new CliError(
    'no-such-bottle',
    `no bottle "${text}"; ${meant ? `did you mean "${meant}"?` : expected}`,
    {
      try: identities.length === 0 ? 'bot-bottle start demo' : 'bot-bottle list',
    },
  );
}

function ambiguous(text: string, matches: readonly Identity[]): CliError {
  const more = matches.length - SHOWN_CANDIDATES;
  return new CliError(
    'ambiguous-identity',
    `"${text}" is the start of ${matches.length} bottles; expected one of`,
    {
      details: [...matches.slice(0, SHOWN_CANDIDATES), ...(more > 0 ? [`... and ${more} more`] : [])],
      try: 'bot-bottle list',
    },
  );
}
