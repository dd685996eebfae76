import { styleText } from 'node:util';
import { printable } from './escape.js';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  readonly align?: 'right';
  readonly style?: (row: Row) => Style | undefined;
}

export type Style = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold';

/** Colours `text` if `stream` is a terminal that shows colours; NO_COLOR and FORCE_COLOR decide first, as Node has it. */
export function paint(stream: NodeJS.WritableStream, style: Style, text: string): string {
  return styleText(style, text, { stream, validateStream: true });
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
  const line = (texts: readonly string[], style: (index: number) => Style | undefined): string =>
    texts
      .map((text, index) => {
        const gap = ' '.repeat((widths[index] ?? 0) - displayWidth(text));
        const chosen = style(index);
        const painted = chosen === undefined ? text : paint(stream, chosen, text);
        if (columns[index]?.align === 'right') return gap + painted;
        return index === texts.length - 1 ? painted : painted + gap;
      })
      .join('  ');
  const heading = line(
    columns.map(column => column.title),
    () => 'bold',
  );
  const body = rows.map((row, at) => line(cells[at] ?? [], index => columns[index]?.style?.(row)));
  return `${[heading, ...body].join('\n')}\n`;
}

/** One row as a tab-separated line without a heading, for a program. */
export function formatPlain<Row>(columns: readonly Column<Row>[], row: Row): string {
  return `${columns.map(column => printable(column.value(row))).join('\t')}\n`;
}

function displayWidth(text: string): number {
  return [...text].length;
}
