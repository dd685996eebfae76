/** The candidate that `text` most likely meant: the one with the fewest edits, if they are few for its length. */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(text, candidate, fewest);
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

/**
 * The second half of a complaint: `did you mean "x"?`, else `expected one of x, y`.
 * @param usable what to name where nothing is near; default: every candidate
 */
export function meantOrExpected(
  text: string,
  candidates: readonly string[],
  usable: readonly string[] = candidates,
): string {
  const meant = nearest(text, candidates);
  return meant === undefined ? `expected one of ${usable.join(', ')}` : `did you mean "${meant}"?`;
}

/** Levenshtein's distance with neighbours' swaps (optimal string alignment); anything from `limit` on is `limit`. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const replaced = at(last, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let edits = Math.min(at(row, j - 1) + 1, at(last, j) + 1, replaced);
      if (from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        edits = Math.min(edits, at(beforeLast, j - 2) + 1);
      }
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return Math.min(limit, at(last, to.length));
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
