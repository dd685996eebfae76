// Runs two things in turns (A B A B …), so that whatever else the machine does falls on both.

/**
 * @param {{ name: string, ours: () => unknown, base: () => unknown, rounds?: number }} pair `ours` and `base` may return promises
 * @returns {Promise<{ name: string, rounds: number, ours: number, base: number, ratio: number, min: number, max: number }>}
 * medians in milliseconds; `ratio` is the median of the rounds' ratios, `min` and `max` their range
 */
export async function paired({ name, ours, base, rounds = 21 }) {
  const times = { ours: [], base: [], ratio: [] };
  await base();
  await ours();
  for (let round = 0; round < rounds; round++) {
    const b = await timed(base);
    const o = await timed(ours);
    times.base.push(b);
    times.ours.push(o);
    times.ratio.push(o / b);
  }
  const ratios = times.ratio.toSorted((a, b) => a - b);
  return {
    name,
    rounds,
    ours: median(times.ours),
    base: median(times.base),
    ratio: median(ratios),
    min: ratios[0],
    max: ratios.at(-1),
  };
}

/** One line for people; with `--json` among the arguments, one for programs. */
export function report(result) {
  if (process.argv.includes('--json')) return console.log(JSON.stringify(result));
  const { name, rounds, ours, base, ratio, min, max } = result;
  const times = `ours ${ours.toFixed(2)} ms, base ${base.toFixed(2)} ms`;
  const range = `${min.toFixed(2)}–${max.toFixed(2)}, ${rounds} rounds`;
  console.log(`${name}: ${ratio.toFixed(2)} times the base (${range}; ${times})`);
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
