import { createRegistry } from '../backends/registry.js';
import { loadOwnSettings } from '../config/settings.js';
import { EXIT } from '../output/exit-codes.js';
import { formatBytes } from '../output/format.js';
import { remediesOf } from '../output/remedies.js';
import { writeJsonArray, writeLine } from '../output/write.js';
import { codeOf } from '../thrown.js';
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
  const failures = await pruning.failures();
  for (const { backend, error } of failures)
    await writeLine(
      context.stderr,
      `bot-bottle: what ${backend} has without a record is not known: ${error.message}`,
    );
  const remedies = new Set(pruning.remedies);
  for (const { error } of failures) {
    for (const remedy of remediesOf(codeOf(error) ?? '', error, 'ID') ?? []) remedies.add(remedy);
  }
  for (const remedy of remedies) await writeLine(context.stderr, `  try: ${remedy}`);
  // What was asked for was not done: nobody knows what there is to remove.
  if (input.flag('orphans') && failures.length > 0) return EXIT.failed;
  return failed ? EXIT.failed : EXIT.ok;
};
