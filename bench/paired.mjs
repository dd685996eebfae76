// Runs two things in turns (A B A B …), so that whatever else the machine does falls on both.

/**
 * @param {{ name: string, ours: () => unknown, base: () => unknown, rounds?: number }} pair `ours` and `base` may return promises
 * @returns {Promise<{ name: string, rounds: number, ours: number, base: number, ratio: number, min: number, max: number }>}
 * medians in milliseconds; `ratio` is the median of the rounds' ratios, `min` and `max` their range
 */
export async function paired({ name, ours, base, rounds }) {
  const [result] = await pairedParts({ ours: timed(name, ours), base: timed(name, base), rounds });
  return result;
}

/**
 * The same for work of which parts are timed: `ours` and `base` return the same names, each with its milliseconds.
 * One result for each name.
 */
export async function pairedParts({ ours, base, rounds = 21 }) {
  await base();
  await ours();
  const times = [];
  for (let round = 0; round < rounds; round++) times.push({ base: await base(), ours: await ours() });
  return Object.keys(times[0].ours).map(name => {
    const of = side => times.map(time => time[side][name]);
    const ratios = times.map(time => time.ours[name] / time.base[name]).toSorted((a, b) => a - b);
    return {
      ...{ name, rounds, ours: median(of('ours')), base: median(of('base')) },
      ...{ ratio: median(ratios), min: ratios[0], max: ratios.at(-1) },
    };
  });
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

function timed(name, work) {
  return async () => {
    const start = performance.now();
    await work();
    return { [name]: performance.now() - start };
  };
}
