import { type AuditRecord, type Policy, type Replayed, replay } from '@bot-bottle/egress';
import type { LiveConfig } from '@bot-bottle/live-config';
import type { Context } from '../context.js';
import type { Style } from '../output/colours.js';
import { usageError } from '../output/errors.js';
import { type Column, formatPlain, formatTable } from '../output/table.js';
import { write, writeJson, writeLine } from '../output/write.js';
import { readAllowlistFile, readRoutesFile } from '../policy/policy-file.js';
import { withoutProofs } from './proof.js';
import { targetOf } from './record-columns.js';

/**
 * The policy that the files say: an allowlist, and routes where the name ends in `.yaml` or `.yml`. What no file says stays as the
 * bottle has it; a bottle that is gone has nothing.
 * @throws CliError `usage`, `unreadable-file`; LiveConfigError
 */
export function candidatePolicy(
  context: Context,
  files: readonly string[],
  present: LiveConfig | null,
): Policy {
  const routesFiles = files.filter(isRoutes);
  const allowlists = files.filter(file => !isRoutes(file));
  if (routesFiles.length > 1 || allowlists.length > 1) {
    throw usageError('--replay is given twice for the same; expected an allowlist, routes, or one of each');
  }
  const [allowlist, routes] = [allowlists[0], routesFiles[0]];
  if (allowlist === undefined && present === null) {
    throw usageError('the bottle has no allowlist any more; expected --replay with one, beside the routes');
  }
  return {
    generation: present?.generation ?? 0,
    revision: '',
    allowlist:
      allowlist === undefined ? (present?.allowlist ?? []) : readAllowlistFile(context, allowlist).allowlist,
    routes: routes === undefined ? (present?.routes ?? []) : readRoutesFile(context, routes).routes,
  };
}

function isRoutes(file: string): boolean {
  return /\.ya?ml$/i.test(file);
}

const COLUMNS: readonly Column<Replayed>[] = [
  { title: 'TIMES', value: ({ times }) => String(times), align: 'right' },
  { title: 'METHOD', value: ({ method }) => method ?? '-' },
  { title: 'TARGET', value: targetOf, style: () => 'cyan' },
  { title: 'WAS', value: ({ was }) => decision(was) },
  { title: 'NOW', value: ({ now }) => decision(now), style: styleOf },
  { title: 'BY', value: ({ now }) => now.entry ?? '' },
];

function decision({ allowed, rule }: Replayed['now']): string {
  return allowed ? 'allowed' : `denied: ${rule}`;
}

function styleOf({ was, now }: Replayed): Style | undefined {
  if (was.allowed === now.allowed) return undefined;
  return now.allowed ? 'green' : 'red';
}

/** Prints what a policy would have decided about each distinct request. */
export async function showReplay(
  { stdout, stderr }: Context,
  records: Iterable<AuditRecord>,
  policy: Policy,
  options: { readonly denied: boolean; readonly all: boolean; readonly json: boolean },
): Promise<void> {
  const all = replay(options.all ? records : withoutProofs(records), policy);
  const rows = options.denied ? all.filter(({ now }) => !now.allowed) : all;
  if (options.json) return writeJson(stdout, rows);
  if (stdout.isTTY && rows.length > 0) await write(stdout, formatTable(stdout, COLUMNS, rows));
  else for (const row of rows) await write(stdout, formatPlain(COLUMNS, row));
  const opened = all.filter(({ was, now }) => !was.allowed && now.allowed).length;
  const shut = all.filter(({ was, now }) => was.allowed && !now.allowed).length;
  await writeLine(
    stderr,
    `bot-bottle: of ${all.length} distinct requests ${opened} would be let out that were denied, ` +
      `and ${shut} denied that were let out`,
  );
}
