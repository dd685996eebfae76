const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes with a binary unit (IEC 80000-13), two or three digits: `0 B`, `1.5 KiB`, `120 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

const STEPS = [
  [60, 's'],
  [60, 'm'],
  [24, 'h'],
  [Number.POSITIVE_INFINITY, 'd'],
] as const;

/** The time since `started` (ISO 8601) in its largest whole unit: `5s`, `3h`, `41d`; `-` for no date or one to come. */
export function formatAge(started: string, now: Date): string {
  let value = (now.getTime() - Date.parse(started)) / 1000;
  if (Number.isNaN(value) || value < 0) return '-';
  for (const [size, unit] of STEPS) {
    if (value < size) return `${Math.floor(value)}${unit}`;
    value /= size;
  }
  return '-';
}

/** Rows of two columns, the second aligned; `style` is for the first, once it has its width. */
export function twoColumns(
  rows: readonly (readonly [string, string])[],
  style: (first: string) => string = first => first,
): string {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${style(first.padEnd(width))}   ${second}\n`).join('');
}
