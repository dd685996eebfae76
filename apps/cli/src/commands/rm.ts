import type { BottlePaths } from '@bot-bottle/state-paths';
import { BackendAsker, type SeenBottle } from '../backends/asker.js';
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
  const asker = new BackendAsker(context);
  const seen = await asker.look(paths, describeBottle(paths));
  if (!force) refuse(paths, seen);
  const { find } = createRegistry(context, loadOwnSettings(context));
  const { entries, bytes, left } = await removeSession(paths, { backends: find, force });
  if (input.flag('json')) await writeJson(context.stdout, { identity: paths.identity, entries, bytes, left });
  else await writeLine(context.stdout, paths.identity);
  if (seen.atBackend === 'foreign')
    await writeLine(
      context.stderr,
      `bot-bottle: what is not bot-bottle's keeps the name of ${paths.identity}`,
    );
  if (left.length === 0) return EXIT.ok;
  if (!input.flag('json')) {
    for (const { path, reason } of left)
      await writeLine(context.stderr, `bot-bottle: ${path} stayed: ${reason}`);
  }
  return EXIT.failed;
};

/** Early and with the next command; the removal itself looks again under the lease. */
function refuse(paths: BottlePaths, { state, preserved, problem, atBackend }: SeenBottle): void {
  const { identity } = paths;
  if (state === 'unknown' && atBackend === 'foreign') {
    throw new CliError(
      'running',
      `${identity} may run: ${problem}; expected --force to remove its state, and nothing of that`,
      { try: `bot-bottle rm ${identity} --force` },
    );
  }
  if (state === 'running' || state === 'starting' || state === 'ending' || state === 'unattended') {
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
