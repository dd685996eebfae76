import { type Identity, isIdentity } from '@bot-bottle/identity';
import { type BottlePaths, bottlePaths, checkBottleFolder, listIdentities } from '@bot-bottle/state-paths';
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
  const identities = listIdentities(root);
  const matches = text === '' ? [] : identities.filter(identity => identity.startsWith(text));
  const [match, second] = matches;
  if (match === undefined) throw noSuchBottle(text, identities);
  if (second !== undefined) throw ambiguous(text, matches);
  return bottlePaths(root, match);
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
      details: [...matches.slice(0, SHOWN_CANDIDATES), ...(more > 0 ? [`… and ${more} more`] : [])],
    },
  );
}
