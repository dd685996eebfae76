import { PassThrough } from 'node:stream';
import { type Column, formatPlain, formatRow, formatTable } from './table.js';

interface Row {
  readonly name: string;
  readonly count: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', value: row => row.name },
  { title: 'COUNT', value: row => String(row.count), align: 'right' },
  { title: 'NOTE', value: row => `note of ${row.name}` },
];

it('aligns a table and ends no line with blanks', () => {
  const rows = [
    { name: 'a', count: 1 },
    { name: 'longer', count: 12345678 },
  ];
  expect(formatTable(new PassThrough(), COLUMNS, rows)).toBe(
    ['NAME       COUNT  NOTE', 'a              1  note of a', 'longer  12345678  note of longer', ''].join(
      '\n',
    ),
  );
});

it('aligns rows that come one by one, and lets a wider value push only what stands behind it', () => {
  const columns = COLUMNS.map(column => (column.title === 'NAME' ? { ...column, width: 6 } : column));
  const rows = [null, { name: 'a', count: 1 }, { name: 'much longer', count: 123456 }];
  expect(rows.map(row => formatRow(new PassThrough(), columns, row)).join('')).toBe(
    ['NAME    COUNT  NOTE', 'a           1  note of a', 'much longer  123456  note of much longer', ''].join(
      '\n',
    ),
  );
});

it('separates plain fields with tabs, of which the fields themselves hold none', () => {
  expect(formatPlain(COLUMNS, { name: 'a\tb\n\x1b[2J', count: 2 })).toBe(
    'a\\tb\\n\\u001b[2J\t2\tnote of a\\tb\\n\\u001b[2J\n',
  );
});
