import { basename, dirname, join } from 'node:path';
import { apiChanges } from './api-changes.ts';
import { readReport } from './api-report.ts';
import { bumpBetween, isEnough, neededBump } from './bumps.ts';

/**
 * What a change of an entry's API needs and the changesets do not give; null where all is told, or nothing was released before.
 * @param file of the report; the last release's is kept in `released/` beside it
 * @param text what the report says now; none where the entry is gone
 */
export function hiddenChange(
  file: string,
  text: string | null,
  before: string,
  after: string,
): string | null {
  if (before === '0.0.0') return null;
  const last = readReport(join(dirname(file), 'released', basename(file)));
  const changes = apiChanges(file, last ?? 'export {};', text ?? 'export {};');
  const needed = neededBump(changes, before);
  if (isEnough(bumpBetween(before, after), needed)) return null;
  const lines = [...changes.breaking, ...changes.added.map(name => `${name} is new`)];
  return [
    `needs a changeset that says "${needed}"; the present ones go from ${before} to ${after}`,
    ...lines,
  ].join('\n  ');
}
