import { createRegistry } from '../backends/registry.js';
import { loadOwnSettings } from '../config/settings.js';
import { usageError } from '../output/errors.js';
import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import { stopBottle } from '../session/stop.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

const DEFAULT_GRACE_SECONDS = 10;

export const run: Run = async (context, input) => {
  const graceMs = graceOf(input.text('grace'));
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  const backends = (name: string) => createRegistry(context, loadOwnSettings(context)).find(name);
  const outcome = await stopBottle(paths, { graceMs, backends });
  if (input.flag('json')) {
    await writeJson(context.stdout, { identity: paths.identity, ...outcome });
  } else if (!outcome.stopped) {
    await writeLine(context.stderr, `bot-bottle: ${paths.identity} does not run`);
  } else {
    await writeLine(context.stdout, paths.identity);
    for (const note of outcome.notes) await writeLine(context.stderr, `bot-bottle: ${note}`);
    if (outcome.kept)
      await writeLine(context.stderr, `bot-bottle: kept; go on with: bot-bottle resume ${paths.identity}`);
  }
  return EXIT.ok;
};

/** Seconds as text, in milliseconds. */
function graceOf(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_GRACE_SECONDS : Number(text);
  if (text?.trim() === '' || !Number.isFinite(seconds) || seconds < 0) {
    throw usageError(`--grace "${text}" is not usable; expected seconds, 0 or more`);
  }
  return seconds * 1000;
}
