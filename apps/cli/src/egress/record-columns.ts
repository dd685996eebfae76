import type { AuditRecord } from '@bot-bottle/egress';
import type { Style } from '../output/colours.js';
import { type Column, widthOf } from '../output/table.js';

const STYLE: Readonly<Record<AuditRecord['event'], Style>> = {
  denied: 'red',
  opened: 'green',
  closed: 'dim',
};

const numberOf = (value: number | undefined): string => (value === undefined ? '' : String(value));

/** One line of the audit log for a person, or for a program that splits at tabs. */
export const RECORD_COLUMNS: readonly Column<AuditRecord>[] = [
  { title: 'TIME', value: ({ time }) => time, width: 24, style: () => 'dim' },
  { title: 'EVENT', value: ({ event }) => event, width: 6, style: ({ event }) => STYLE[event] },
  { title: 'METHOD', value: ({ method }) => method ?? '-', width: 7 },
  { title: 'TARGET', value: targetOf, width: 29, style: () => 'cyan' },
  { title: 'RULE', value: ({ rule }) => rule, width: 16 },
  { title: 'BY', value: ({ entry }) => entry ?? '', width: 20 },
  { title: 'ENDED', value: ({ cut }) => (cut === undefined ? '' : `by ${cut}`), width: 9 },
  { title: 'STATUS', value: ({ status }) => numberOf(status), align: 'right' },
  { title: 'SENT', value: ({ sent }) => numberOf(sent), align: 'right', width: 9 },
  { title: 'RECEIVED', value: ({ received }) => numberOf(received), align: 'right', width: 10 },
  { title: 'MS', value: ({ duration }) => numberOf(duration), align: 'right', width: 7 },
  { title: 'PROBLEM', value: ({ problem }) => problem ?? '' },
];

/** What a narrow terminal does without, the least telling first. */
const DISPENSABLE = ['SENT', 'MS', 'RECEIVED', 'BY', 'ENDED', 'STATUS'];

/** Those for a table on a terminal that is so wide (undefined: 80): a shorter time, and no line that need be folded. */
export function columnsWithin(width = 80): readonly Column<AuditRecord>[] {
  // A problem has a line of its own there.
  const tabular = RECORD_COLUMNS.filter(({ title }) => title !== 'PROBLEM');
  let columns = tabular.map(column =>
    column.title === 'TIME' ? { ...column, title: 'UTC', value: shortTime, width: 14 } : column,
  );
  for (const title of DISPENSABLE) {
    if (widthOf(columns) <= width) break;
    columns = columns.filter(column => column.title !== title);
  }
  return columns;
}

/** `03-01 12:00:00` */
function shortTime({ time }: AuditRecord): string {
  return time.slice(5, 19).replace('T', ' ');
}

/** `example.com:443/path`, an IPv6 address in brackets. */
export function targetOf({ host, port, path }: Pick<AuditRecord, 'host' | 'port' | 'path'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}${path ?? ''}`;
}
