import type { BottlePaths } from '@bot-bottle/state-paths';
import { createRegistry } from '../backends/registry.js';
import { loadOwnSettings } from '../config/settings.js';
import { CliError } from '../output/errors.js';
import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import { removeSession } from '../session/remove.js';
import { describeBottle } from '../session/state.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  const force = input.flag('force');
  if (!force) refuse(paths);
  const { find } = createRegistry(context, loadOwnSettings(context));
  const { entries, bytes, left } = await removeSession(paths, { backends: find, force });
  if (input.flag('json')) await writeJson(context.stdout, { identity: paths.identity, entries, bytes, left });
  else await writeLine(context.stdout, paths.identity);
  if (left.length === 0) return EXIT.ok;
  if (!input.flag('json')) {
    for (const { path, reason } of left)
      await writeLine(context.stderr, `bot-bottle: ${path} stayed: ${reason}`);
  }
  return EXIT.failed;
};

/** Early and with the next command; the removal itself looks again under the lease. */
function refuse(paths: BottlePaths): void {
  const { identity } = paths;
  const { state, preserved, problem } = describeBottle(paths);
  if (state === 'running' || state === 'starting' || state === 'ending') {
    throw new CliError(
      'running',
      `${identity} runs; expected a bottle that ended, or --force to stop it first`,
      {
        try: [`bot-bottle stop ${identity}`, `bot-bottle rm ${identity} --force`],
      },
    );
  }
  if (preserved) {
    throw new CliError('preserved', `${identity} is preserved; expected --force to remove it all the same`, {
      try: [`bot-bottle rm ${identity} --force`, `bot-bottle preserve ${identity} --off`],
    });
  }
  if (state === 'broken') {
    throw new CliError(
      'broken-record',
      `${identity} cannot be read: ${problem ?? paths.metadata}; expected --force to remove it`,
      {
        try: [`bot-bottle rm ${identity} --force`],
      },
    );
  }
}
