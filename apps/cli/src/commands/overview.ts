import type { Context } from '../context.js';
import { paint } from '../output/colours.js';
import { EXIT } from '../output/exit-codes.js';
import { twoColumns } from '../output/format.js';
import { formatTable } from '../output/table.js';
import { write } from '../output/write.js';
import type { BottleState } from '../session/state.js';
import { DESCRIPTION, type Hint } from './about.js';
import { type BottleRow, bottleColumns, eachBottle, newestFirst, rowOf } from './bottle-rows.js';
import { GROUPS } from './table.js';

const SHOWN_BOTTLES = 10;

/** `bot-bottle` alone, for a person at a terminal: what it can do, what runs, and what to type next. */
export async function showOverview(context: Context): Promise<number> {
  const { stdout } = context;
  const commands = GROUPS.map(
    group => [group.title, group.commands.map(({ name }) => name).join(', ')] as const,
  );
  const bold = (title: string): string => paint(stdout, 'bold', title);
  // First, so that it is there also where the state cannot be read.
  await write(stdout, `${DESCRIPTION}\n\n${twoColumns(commands, bold)}\n`);
  const rows = [...eachBottle(context)].map(bottle => rowOf(bottle)).sort(newestFirst);
  const running = rows.filter(({ state }) => state === 'running');
  if (running.length > 0) {
    const columns = bottleColumns(context.now(), { size: false });
    await write(stdout, `${formatTable(stdout, columns, running.slice(0, SHOWN_BOTTLES))}\n`);
  }
  await write(stdout, `${countsOf(rows)}\n\n${twoColumns(hintsFor(rows))}`);
  return EXIT.ok;
}

/** `2 running, 1 preserved; see: bot-bottle list`. */
function countsOf(rows: readonly BottleRow[]): string {
  if (rows.length === 0) return 'No bottle is here yet.';
  const counts = new Map<BottleState, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  return `${[...counts].map(([state, count]) => `${count} ${state}`).join(', ')}; see: bot-bottle list`;
}

/** Of the rows, newest first, the one that is most likely meant. */
function hintsFor(rows: readonly BottleRow[]): readonly Hint[] {
  const help: Hint = ['bot-bottle --help', 'every command; COMMAND --help tells more'];
  const start: Hint = ['bot-bottle start claude --cwd .', 'start an agent on this folder'];
  const running = rows.find(({ state }) => state === 'running');
  if (running !== undefined)
    return [[`bot-bottle attach ${running.identity}`, 'come back to it'], start, help];
  const ended = rows.find(({ state }) => state === 'preserved' || state === 'dead' || state === 'stopped');
  if (ended !== undefined) return [[`bot-bottle resume ${ended.identity}`, 'go on with it'], start, help];
  return [
    ['bot-bottle doctor', 'check this machine'],
    ['bot-bottle start demo', 'see what an agent may do in a bottle'],
    start,
    help,
  ];
}
