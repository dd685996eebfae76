import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import { parseAllowlistLine } from '../policy/allowlist-line.js';
import { addLines } from '../policy/allowlist-text.js';
import { applyPolicy, sinceWhen } from '../policy/apply.js';
import { changePolicy } from '../policy/change.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const [id = '', ...hosts] = input.args;
  const wanted = hosts.map(parseAllowlistLine);
  const paths = resolveBottle(context.root, id);
  const applied = await applyPolicy(paths, () =>
    changePolicy(paths, ({ text }) => {
      const { text: allowlist, changed } = addLines(text.allowlist, wanted);
      return { change: changed.length === 0 ? {} : { allowlist }, outcome: changed };
    }),
  );
  const { outcome: added, generation, inForce, ms } = applied;
  if (input.flag('json')) {
    const allowed = added.map(({ line }) => line);
    const already = wanted.filter(each => !added.includes(each)).map(({ line }) => line);
    await writeJson(context.stdout, { identity: paths.identity, allowed, already, generation, inForce, ms });
    return EXIT.ok;
  }
  for (const each of wanted) {
    const done = added.includes(each) ? 'allowed' : 'was allowed already';
    await writeLine(context.stdout, `${each.line} ${done}, ${sinceWhen(paths, applied)}`);
  }
  return EXIT.ok;
};
