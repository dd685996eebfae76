/** ` (did you mean "x"?)` for the known word nearest to a mistyped one, at most two edits away; else the list of the known. */
export function suggest(word: string, known: readonly string[]): string {
  const near = known
    .map(candidate => ({ candidate, distance: distance(word.slice(0, 40).toLowerCase(), candidate) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (near && near.distance <= 2) return ` (did you mean "${near.candidate}"?)`;
  return ` (known: ${known.join(', ')})`;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
