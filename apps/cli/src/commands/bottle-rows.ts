import { measureTree } from '@bot-bottle/durable-fs';
import { effectiveBackend, listRecords } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import type { Style } from '../output/colours.js';
import { formatAge, formatBytes } from '../output/format.js';
import type { Column } from '../output/table.js';
import type { Presence } from '../session/at-backend.js';
import { type BottleDescription, type BottleState, describeBottle } from '../session/state.js';

/** One bottle, as `list --json` prints it: a stable shape, to which later versions only add. */
export interface BottleRow {
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
  /** Null: its backend was not asked, or cannot tell of all its bottles at once. */
  readonly atBackend: Presence | null;
  /** Where it was asked for. */
  readonly sizeBytes?: number;
}

export interface DescribedBottle {
  readonly paths: BottlePaths;
  readonly description: BottleDescription;
}

/** In the order of the disk and one at a time, so that memory does not grow with the bottles. */
export function* eachBottle({ root }: Pick<Context, 'root'>): Generator<DescribedBottle> {
  for (const entry of listRecords(root)) {
    yield { paths: entry.paths, description: describeBottle(entry.paths, entry) };
  }
}

/** @param atBackend null: it was not asked, so what its backend runs without a keeper shows as dead */
export function rowOf({ paths, description }: DescribedBottle, atBackend: Presence | null = null): BottleRow {
  const { state, preserved, record, problem } = description;
  return {
    identity: paths.identity,
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
    atBackend,
  };
}

/** With the size of its folder; every file is looked at. */
export async function measured(row: BottleRow): Promise<BottleRow> {
  return { ...row, sizeBytes: (await measureTree(row.path)).bytes };
}

export function newestFirst(a: BottleRow, b: BottleRow): number {
  return b.startedAt.localeCompare(a.startedAt) || a.identity.localeCompare(b.identity);
}

export function bottleColumns(now: Date, { size }: { readonly size: boolean }): readonly Column<BottleRow>[] {
  const sizes: Column<BottleRow> = {
    title: 'SIZE',
    value: row => formatBytes(row.sizeBytes ?? 0),
    align: 'right',
  };
  return [
    { title: 'IDENTITY', value: row => row.identity, style: () => 'cyan' },
    { title: 'AGENT', value: row => row.agent || '-' },
    { title: 'STATE', value: stateOf, style: row => STATE_STYLE[row.state] },
    { title: 'AGE', value: row => formatAge(row.startedAt, now), align: 'right' },
    ...(size ? [sizes] : []),
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
  unattended: 'yellow',
  broken: 'red',
  unfinished: 'red',
  unknown: 'red',
  stopped: undefined,
};

function stateOf(row: BottleRow): string {
  return row.preserved && row.state !== 'preserved' ? `${row.state}, preserved` : row.state;
}

function workspaceOf(row: BottleRow): string {
  if (row.state === 'broken') return row.path;
  if (row.cwd === '') return '-';
  return row.copyCwd ? `copy of ${row.cwd}` : row.cwd;
}
