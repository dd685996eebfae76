import type { Identity } from '@bot-bottle/identity';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Settings } from '../config/settings.js';
import type { Context } from '../context.js';
import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import { attachTerminal } from '../session/attach.js';
import { parseDetachKeys } from '../session/detach-keys.js';
import type { Input } from './spec.js';

interface Bottle {
  readonly identity: Identity;
  readonly paths: BottlePaths;
}

/** `--detach-keys`, else the configuration's; checked before anything is started. Throws SessionError `bad-detach-keys`. */
export function detachKeysOf(input: Input, settings: Pick<Settings, 'detachKeys'>): string | undefined {
  const keys = input.text('detach-keys') ?? settings.detachKeys;
  if (keys !== undefined) parseDetachKeys(keys);
  return keys;
}

/** After a start or resume: attaches, or with --detach prints the identity. Returns the exit code. */
export async function converse(
  context: Context,
  input: Input,
  { identity, paths }: Bottle,
  options: { readonly detachKeys: string | undefined },
): Promise<number> {
  if (!input.flag('detach')) return attachAndTell(context, { identity, paths }, options);
  if (input.flag('json')) await writeJson(context.stdout, { identity, path: paths.folder });
  else await writeLine(context.stdout, identity);
  return EXIT.ok;
}

/** Attaches and says on stderr how it ended and what to type next. Returns the agent's exit code, 0 when detached. */
export async function attachAndTell(
  context: Context,
  { identity, paths }: Bottle,
  { detachKeys }: { readonly detachKeys: string | undefined },
): Promise<number> {
  const outcome = await attachTerminal(context, paths, detachKeys === undefined ? {} : { detachKeys });
  const tell = (line: string): Promise<void> => writeLine(context.stderr, `bot-bottle: ${line}`);
  if (outcome.kind === 'detached') {
    await tell(`detached from ${identity}; it goes on`);
    await tell(`attach again with: bot-bottle attach ${identity}`);
    return EXIT.ok;
  }
  for (const note of outcome.notes) await tell(note);
  if (outcome.kept) await tell(`kept; go on with: bot-bottle resume ${identity}`);
  return outcome.exit.code;
}
