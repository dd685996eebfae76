import { createRegistry } from '../backends/registry.js';
import { loadOwnSettings } from '../config/settings.js';
import { EXIT } from '../output/exit-codes.js';
import { formatBytes } from '../output/format.js';
import { writeJsonArray, writeLine } from '../output/write.js';
import { type Pruned, Pruning } from './pruning.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const dryRun = input.flag('dry-run');
  const pruning = new Pruning(context.root, createRegistry(context, loadOwnSettings(context)));
  let failed = false;
  const told = (async function* (): AsyncGenerator<Pruned> {
    for await (const outcome of pruning.run({ dryRun, orphans: input.flag('orphans') })) {
      failed ||= outcome.reason === 'failed' || outcome.left.length > 0;
      yield outcome;
    }
  })();
  if (input.flag('json')) {
    await writeJsonArray(context.stdout, told);
  } else {
    for await (const { identity, action, because, bytes, left } of told) {
      const size = bytes === null ? '' : ` (${formatBytes(bytes)})`;
      await writeLine(context.stdout, `${action} ${identity}: ${because}${size}`);
      for (const { path, reason } of left)
        await writeLine(context.stderr, `bot-bottle: ${path} stayed: ${reason}`);
    }
  }
  for (const { backend, error } of await pruning.failures())
    await writeLine(
      context.stderr,
      `bot-bottle: what ${backend} has without a record is not known: ${error.message}`,
    );
  return failed ? EXIT.failed : EXIT.ok;
};
