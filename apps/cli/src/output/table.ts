import { paint, type Style } from './colours.js';
import { printable } from './escape.js';

const GAP = '  ';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'right';
  /** For `formatRow`: as wide as most values are. */
  readonly width?: number;
  readonly style?: (row: Row) => Style | undefined;
}

/** Rows as an aligned table with a heading, for a person. */
export function formatTable<Row>(
  stream: NodeJS.WritableStream,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const cells = rows.map(row => columns.map(column => printable(column.value(row))));
  const widths = columns.map((column, index) =>
    cells.reduce((width, row) => Math.max(width, displayWidth(row[index] ?? '')), column.title.length),
  );
  const heading = aligned(stream, columns, widths, headings(columns), () => 'bold');
  const body = rows.map((row, at) =>
    aligned(stream, columns, widths, cells[at] ?? [], column => column.style?.(row)),
  );
  return `${[heading, ...body].join('\n')}\n`;
}

/** One row of a table that is printed as its rows come, each column as wide as it says; null: the heading. */
export function formatRow<Row>(
  stream: NodeJS.WritableStream,
  columns: readonly Column<Row>[],
  row: Row | null,
): string {
  const widths = columns.map(column => column.width ?? column.title.length);
  const texts = row === null ? headings(columns) : columns.map(column => printable(column.value(row)));
  const line = aligned(stream, columns, widths, texts, column =>
    row === null ? 'bold' : column.style?.(row),
  );
  return `${line.trimEnd()}\n`;
}

function headings<Row>(columns: readonly Column<Row>[]): readonly string[] {
  return columns.map(column => column.title);
}

function aligned<Row>(
  stream: NodeJS.WritableStream,
  columns: readonly Column<Row>[],
  widths: readonly number[],
  texts: readonly string[],
  style: (column: Column<Row>) => Style | undefined,
): string {
  const cells = columns.map((column, index) => {
    const text = texts[index] ?? '';
    const gap = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(text)));
    const chosen = style(column);
    const painted = chosen === undefined ? text : paint(stream, chosen, text);
    if (column.align === 'right') return gap + painted;
    return index === columns.length - 1 ? painted : painted + gap;
  });
  return cells.join(GAP);
}

/** Of the lines of `formatRow`, where no value is wider than its column. */
export function widthOf<Row>(columns: readonly Column<Row>[]): number {
  const widths = columns.map(column => column.width ?? column.title.length);
  return widths.reduce((sum, width) => sum + width, GAP.length * (columns.length - 1));
}

/** One row as a tab-separated line without a heading, for a program. */
export function formatPlain<Row>(columns: readonly Column<Row>[], row: Row): string {
  return `${columns.map(column => printable(column.value(row))).join('\t')}\n`;
}

function displayWidth(text: string): number {
  return [...text].length;
}
