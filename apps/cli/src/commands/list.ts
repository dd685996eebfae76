import type { Context } from '../context.js';
import { EXIT } from '../output/exit-codes.js';
import { formatPlain, formatTable } from '../output/table.js';
import { write, writeAll, writeJsonArray, writeLine } from '../output/write.js';
import { type BottleRow, bottleColumns, eachBottleRow, measured, newestFirst } from './bottle-rows.js';
import { parseLabels } from './labels.js';
import type { Input, Run } from './spec.js';

export const run: Run = async (context, input) => {
  const rows = eachRow(context, input);
  const columns = bottleColumns(context.now(), { size: input.flag('size') });
  if (input.flag('quiet')) {
    await writeAll(
      context.stdout,
      lines(rows, row => `${row.identity}\n`),
    );
  } else if (input.flag('json')) {
    await writeJsonArray(context.stdout, rows);
  } else if (context.stdout.isTTY) {
    const all: BottleRow[] = [];
    for await (const row of rows) all.push(row);
    all.sort(newestFirst);
    if (all.length > 0) await write(context.stdout, formatTable(context.stdout, columns, all));
    else await writeLine(context.stderr, 'no bottles; start one with: bot-bottle start AGENT');
  } else {
    await writeAll(
      context.stdout,
      lines(rows, row => formatPlain(columns, row)),
    );
  }
  return EXIT.ok;
};

async function* lines(
  rows: AsyncIterable<BottleRow>,
  format: (row: BottleRow) => string,
): AsyncGenerator<string> {
  for await (const row of rows) yield format(row);
}

async function* eachRow(context: Context, input: Input): AsyncGenerator<BottleRow> {
  const wanted = filter(input);
  for (const row of eachBottleRow(context)) {
    if (wanted(row)) yield input.flag('size') ? await measured(row) : row;
  }
}

function filter(input: Input): (row: BottleRow) => boolean {
  const labels = Object.entries(parseLabels(input.texts('label')));
  const [agent, backend, state] = [input.text('agent'), input.text('backend'), input.text('state')];
  return row =>
    (agent === undefined || row.agent === agent) &&
    (backend === undefined || row.backend === backend) &&
    (state === undefined || row.state === state || (state === 'preserved' && row.preserved)) &&
    labels.every(([key, value]) => Object.hasOwn(row.labels, key) && row.labels[key] === value);
}
