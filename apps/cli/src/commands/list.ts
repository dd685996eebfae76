import { measureTree } from '@bot-bottle/durable-fs';
import { effectiveBackend, listRecords } from '@bot-bottle/metadata';
import type { Context } from '../context.js';
import { EXIT } from '../output/exit-codes.js';
import { formatAge, formatBytes } from '../output/format.js';
import { type Column, formatPlain, formatTable, type Style } from '../output/table.js';
import { write, writeAll, writeJsonArray, writeLine } from '../output/write.js';
import { type BottleState, describeBottle } from '../session/state.js';
import { parseLabels } from './labels.js';
import type { Input, Run } from './spec.js';

/** One bottle, as `list --json` prints it: a stable shape, to which later versions only add. */
interface Row {
  readonly identity: string;
  readonly state: BottleState;
  readonly preserved: boolean;
  /** Empty, like what follows, where the record cannot be read. */
  readonly agent: string;
  readonly backend: string;
  readonly cwd: string;
  readonly copyCwd: boolean;
  readonly startedAt: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the state folder. */
  readonly path: string;
  readonly problem: string | null;
  /** Only with --size. */
  readonly sizeBytes?: number;
}

export const run: Run = async (context, input) => {
  const rows = eachRow(context, input);
  if (input.flag('quiet')) {
    await writeAll(
      context.stdout,
      lines(rows, row => `${row.identity}\n`),
    );
  } else if (input.flag('json')) {
    await writeJsonArray(context.stdout, rows);
  } else if (context.stdout.isTTY) {
    const all: Row[] = [];
    for await (const row of rows) all.push(row);
    all.sort(newestFirst);
    if (all.length > 0)
      await write(context.stdout, formatTable(context.stdout, columns(context, input), all));
    else await writeLine(context.stderr, 'no bottles; start one with: bot-bottle start AGENT');
  } else {
    const plain = columns(context, input);
    await writeAll(
      context.stdout,
      lines(rows, row => formatPlain(plain, row)),
    );
  }
  return EXIT.ok;
};

async function* lines(rows: AsyncIterable<Row>, format: (row: Row) => string): AsyncGenerator<string> {
  for await (const row of rows) yield format(row);
}

function newestFirst(a: Row, b: Row): number {
  return b.startedAt.localeCompare(a.startedAt) || a.identity.localeCompare(b.identity);
}

/** In the order of the disk and one at a time, so that memory does not grow with the bottles. */
async function* eachRow(context: Context, input: Input): AsyncGenerator<Row> {
  const wanted = filter(input);
  for (const entry of listRecords(context.root)) {
    const { identity, paths } = entry;
    const { state, preserved, record, problem } = describeBottle(paths, entry);
    const row: Row = {
      identity,
      state,
      preserved,
      agent: record?.agentName ?? '',
      backend: record === null ? '' : effectiveBackend(record),
      cwd: record?.cwd ?? '',
      copyCwd: record?.copyCwd ?? false,
      startedAt: record?.startedAt ?? '',
      labels: record?.labels ?? {},
      path: paths.folder,
      problem,
    };
    if (!wanted(row)) continue;
    yield input.flag('size') ? { ...row, sizeBytes: (await measureTree(paths.folder)).bytes } : row;
  }
}

function filter(input: Input): (row: Row) => boolean {
  const labels = Object.entries(parseLabels(input.texts('label')));
  const [agent, backend, state] = [input.text('agent'), input.text('backend'), input.text('state')];
  return row =>
    (agent === undefined || row.agent === agent) &&
    (backend === undefined || row.backend === backend) &&
    (state === undefined || row.state === state || (state === 'preserved' && row.preserved)) &&
    labels.every(([key, value]) => Object.hasOwn(row.labels, key) && row.labels[key] === value);
}

function columns(context: Context, input: Input): readonly Column<Row>[] {
  const now = context.now();
  const size: Column<Row> = { title: 'SIZE', value: row => formatBytes(row.sizeBytes ?? 0), align: 'right' };
  return [
    { title: 'IDENTITY', value: row => row.identity, style: () => 'cyan' },
    { title: 'AGENT', value: row => row.agent || '-' },
    { title: 'STATE', value: stateOf, style: row => STATE_STYLE[row.state] },
    { title: 'AGE', value: row => formatAge(row.startedAt, now), align: 'right' },
    ...(input.flag('size') ? [size] : []),
    { title: 'BACKEND', value: row => row.backend || '-' },
    { title: 'WORKSPACE', value: workspaceOf, style: row => (row.state === 'broken' ? 'red' : 'dim') },
  ];
}

const STATE_STYLE: Readonly<Record<BottleState, Style | undefined>> = {
  running: 'green',
  starting: 'green',
  ending: 'green',
  preserved: 'yellow',
  dead: 'red',
  broken: 'red',
  unfinished: 'red',
  unknown: 'red',
  stopped: undefined,
};

function stateOf(row: Row): string {
  return row.preserved && row.state !== 'preserved' ? `${row.state}, preserved` : row.state;
}

function workspaceOf(row: Row): string {
  if (row.state === 'broken') return row.path;
  if (row.cwd === '') return '-';
  return row.copyCwd ? `copy of ${row.cwd}` : row.cwd;
}
