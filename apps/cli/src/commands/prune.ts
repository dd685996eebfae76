import { MetadataError, readRecord } from '@bot-bottle/metadata';
import { type Inspection, type SweepOutcome, sweep } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { EXIT } from '../output/exit-codes.js';
import { formatBytes } from '../output/format.js';
import { writeJsonArray, writeLine } from '../output/write.js';
import type { Run } from './spec.js';

const REASONS: Readonly<Record<SweepOutcome['reason'], string>> = {
  'lease-alive': 'its session runs',
  'lease-unknown': 'whether its session runs cannot be told from here',
  'still-running': 'its backend still runs it; stop it first',
  preserved: 'it is preserved',
  blocked: 'it waits for an approval',
  'resume-failed': 'its last resume failed',
  'record-unreadable': 'its record cannot be read',
  ended: 'its session ended and nobody kept it',
  'never-started': 'its start was cut off',
  forced: 'you said so',
  leftover: 'an earlier removal was cut off',
  failed: 'it could not be removed',
};

export const run: Run = async (context, input) => {
  let failed = false;
  const outcomes = (async function* () {
    for await (const outcome of sweep(context.root, { inspect, dryRun: input.flag('dry-run') })) {
      const told = tell(outcome);
      failed ||= outcome.reason === 'failed' || told.left.length > 0;
      yield told;
    }
  })();
  if (input.flag('json')) {
    await writeJsonArray(context.stdout, outcomes);
  } else {
    for await (const { identity, action, because, bytes, left } of outcomes) {
      const size = bytes === null ? '' : ` (${formatBytes(bytes)})`;
      await writeLine(context.stdout, `${action} ${identity}: ${because}${size}`);
      for (const { path, reason } of left)
        await writeLine(context.stderr, `bot-bottle: ${path} stayed: ${reason}`);
    }
  }
  return failed ? EXIT.failed : EXIT.ok;
};

/** One bottle, as `prune --json` prints it. */
function tell({ identity, action, reason, report, error }: SweepOutcome) {
  const why = error instanceof Error ? `: ${error.message}` : '';
  return {
    identity,
    action,
    reason,
    because: `${REASONS[reason]}${why}`,
    bytes: report?.bytes ?? null,
    left: report?.left ?? [],
  };
}

function inspect(paths: BottlePaths): Inspection {
  try {
    readRecord(paths);
    return 'readable';
  } catch (error) {
    if (error instanceof MetadataError) return 'unreadable';
    throw error;
  }
}
