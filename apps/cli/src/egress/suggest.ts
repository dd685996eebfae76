import type { AuditRecord, Suggestion } from '@bot-bottle/egress';
import { suggestAllowlist } from '@bot-bottle/egress';
import type { Identity } from '@bot-bottle/identity';
import type { LiveConfig } from '@bot-bottle/live-config';
import type { Context } from '../context.js';
import { type Column, formatPlain, formatTable } from '../output/table.js';
import { write, writeJson, writeLine } from '../output/write.js';

const COLUMNS: readonly Column<Suggestion>[] = [
  { title: 'LINE', value: ({ line }) => line, style: () => 'cyan' },
  { title: 'DENIALS', value: ({ denials }) => String(denials), align: 'right' },
  { title: 'TO JUDGE', value: ({ judge }) => judge ?? '', style: () => 'yellow' },
];

/** Prints the shortest allowlist that would let out what was denied and still is. */
export async function showSuggestions(
  context: Context,
  records: Iterable<AuditRecord>,
  options: { readonly identity: Identity; readonly present: LiveConfig | null; readonly json: boolean },
): Promise<void> {
  const suggestions = suggestAllowlist(records, options.present?.allowlist ?? []);
  const { stdout, stderr } = context;
  if (options.json) return writeJson(stdout, suggestions);
  if (suggestions.length === 0) {
    await writeLine(stderr, 'bot-bottle: nothing was denied that a further line would let out');
  } else if (stdout.isTTY) {
    await write(stdout, formatTable(stdout, COLUMNS, suggestions));
  } else {
    for (const suggestion of suggestions) await write(stdout, formatPlain(COLUMNS, suggestion));
  }
  const plain = suggestions.filter(({ judge }) => judge === null).map(({ line }) => line);
  if (plain.length === 0) return;
  if (options.present === null) {
    await writeLine(
      stderr,
      'bot-bottle: the bottle is gone; what needs no judgement is allowed from the next start by',
    );
    await writeLine(stderr, `  ${plain.map(line => `--allow ${line}`).join(' ')}`);
    return;
  }
  await writeLine(stderr, 'bot-bottle: what needs no judgement is allowed by');
  await writeLine(stderr, `  bot-bottle allow ${options.identity} ${plain.join(' ')}`);
}
