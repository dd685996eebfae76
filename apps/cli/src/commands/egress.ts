import { existsSync } from 'node:fs';
import { type AuditRecord, type BadLine, readAuditLog } from '@bot-bottle/egress';
import type { LiveConfig } from '@bot-bottle/live-config';
import { auditLog, type BottlePaths, checkBottleFolder } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import { followRecords } from '../egress/follow.js';
import { isProof } from '../egress/proof.js';
import { columnsWithin, RECORD_COLUMNS } from '../egress/record-columns.js';
import { candidatePolicy, showReplay } from '../egress/replay.js';
import { showSuggestions } from '../egress/suggest.js';
import { usageError } from '../output/errors.js';
import { printable, printableJson } from '../output/escape.js';
import { EXIT } from '../output/exit-codes.js';
import { formatPlain, formatRow } from '../output/table.js';
import { write, writeAll, writeJsonArray, writeLine } from '../output/write.js';
import { describePolicy } from '../policy/describe.js';
import { resolveRecorded } from './resolve-identity.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const replayed = input.texts('replay');
  const [follow, suggest, json] = [input.flag('follow'), input.flag('suggest'), input.flag('json')];
  if (Number(follow) + Number(suggest) + Number(replayed.length > 0) > 1) {
    throw usageError('--follow, --suggest and --replay do different things; expected one of them');
  }
  const paths = resolveRecorded(context.root, input.args[0] ?? '');
  const { identity } = paths;
  const file = auditLog(context.root, identity, 'egress');
  if (!follow && !existsSync(file)) {
    await writeLine(context.stderr, `bot-bottle: ${identity} has no egress log yet`);
  }
  const leftOut = new LeftOut();
  const [denied, all] = [input.flag('denied'), input.flag('all')];
  if (suggest) {
    const present = presentPolicy(paths);
    await showSuggestions(context, readAuditLog(file, leftOut), { identity, present, json });
  } else if (replayed.length > 0) {
    const policy = candidatePolicy(context, replayed, presentPolicy(paths));
    await showReplay(context, readAuditLog(file, leftOut), policy, { denied, all, json });
  } else {
    const records = follow ? followRecords(paths, file, leftOut) : readAuditLog(file, leftOut);
    await showRecords(context, chosen(records, { denied, all }), { follow, json });
  }
  if (leftOut.first !== null) {
    const { count, first } = leftOut;
    const message = `left out of ${file}: ${count} lines; line ${first.line} ${first.why}`;
    await writeLine(context.stderr, `bot-bottle: ${message}`);
  }
  return EXIT.ok;
};

/** The lines that could not be read. */
class LeftOut {
  count = 0;
  first: BadLine | null = null;

  readonly onBadLine = (line: BadLine): void => {
    this.count += 1;
    this.first ??= line;
  };
}

/** What is written of the bottle's policy; null: it is gone, or its policy cannot be read. */
function presentPolicy(paths: BottlePaths): LiveConfig | null {
  return checkBottleFolder(paths) === 'absent' ? null : describePolicy(paths).config;
}

type Records = Iterable<AuditRecord> | AsyncIterable<AuditRecord>;

async function* chosen(
  records: Records,
  { denied, all }: { readonly denied: boolean; readonly all: boolean },
): AsyncGenerator<AuditRecord> {
  for await (const record of records) {
    if (denied && record.event !== 'denied') continue;
    if (all || !isProof(record)) yield record;
  }
}

/** A table on a terminal; in a pipe one line each, tab-separated; with --json an array, or while they come one object a line. */
async function showRecords(
  { stdout, stderr }: Context,
  records: Records,
  { follow, json }: { readonly follow: boolean; readonly json: boolean },
): Promise<void> {
  if (json && !follow) return writeJsonArray(stdout, records);
  const isTable = stdout.isTTY && !json;
  const columns = isTable ? columnsWithin(stdout.columns) : RECORD_COLUMNS;
  let rows = 0;
  const format = (record: AuditRecord): string => {
    rows += 1;
    if (json) return `${printableJson(record)}\n`;
    if (!isTable) return formatPlain(columns, record);
    return formatRow(stdout, columns, record) + problemLine(record);
  };
  if (isTable) await write(stdout, formatRow(stdout, columns, null));
  if (follow) for await (const record of records) await write(stdout, format(record));
  else await writeAll(stdout, eachAs(records, format));
  if (rows === 0 && !json) await writeLine(stderr, 'bot-bottle: there is nothing of that kind on record');
}

/** Below its record: it is too long for a column. */
function problemLine({ problem }: AuditRecord): string {
  return problem === undefined ? '' : `  ${printable(problem)}\n`;
}

async function* eachAs(records: Records, format: (record: AuditRecord) => string): AsyncGenerator<string> {
  for await (const record of records) yield format(record);
}
