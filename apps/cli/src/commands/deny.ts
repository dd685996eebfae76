import { formatPattern, type HostPattern, LiveConfigError, parsePattern } from '@bot-bottle/live-config';
import { usageError } from '../output/errors.js';
import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import { refuseLoneFlag } from '../policy/allowlist-line.js';
import { removeLines, stillAllowing } from '../policy/allowlist-text.js';
import { applyPolicy, sinceWhen } from '../policy/apply.js';
import { changePolicy } from '../policy/change.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const [id = '', ...hosts] = input.args;
  const patterns = hosts.map(patternOf);
  const paths = resolveBottle(context.root, id);
  const applied = await applyPolicy(paths, () =>
    changePolicy(paths, ({ text }) => {
      const { text: allowlist, changed } = removeLines(text.allowlist ?? '', patterns);
      const still = new Map(patterns.map(pattern => [pattern, stillAllowing(allowlist, pattern)]));
      return { change: changed.length === 0 ? {} : { allowlist }, outcome: { changed, still } };
    }),
  );
  const { outcome, generation, inForce, ms } = applied;
  const results = patterns.map(pattern => ({
    host: formatPattern(pattern),
    removed: outcome.changed.includes(pattern),
    by: outcome.still.get(pattern) ?? null,
  }));
  if (input.flag('json')) {
    const { identity } = paths;
    const denied = results.filter(({ removed, by }) => removed && by === null).map(({ host }) => host);
    const stillAllowed = results.flatMap(({ host, by }) => (by === null ? [] : [{ host, ...by }]));
    const absent = results.filter(({ removed }) => !removed).map(({ host }) => host);
    await writeJson(context.stdout, { identity, denied, absent, stillAllowed, generation, inForce, ms });
  } else {
    for (const { host, removed, by } of results) {
      const done = by === null ? (removed ? 'denied' : 'was not allowed') : 'is still allowed';
      await writeLine(context.stdout, `${host} ${done}, ${sinceWhen(paths, applied)}`);
      if (by === null) continue;
      await writeLine(context.stderr, `bot-bottle: line ${by.number} still allows ${host}: ${by.line}`);
      await writeLine(context.stderr, `  try: bot-bottle deny ${paths.identity} '${by.line}'`);
    }
  }
  return results.every(({ by }) => by === null) ? EXIT.ok : EXIT.failed;
};

/** The host of an allowlist's line; its flags make no difference. @throws CliError `usage` */
function patternOf(text: string): HostPattern {
  refuseLoneFlag(text);
  try {
    return parsePattern(text.trim().split(/\s/, 1)[0] ?? '');
  } catch (error) {
    if (!(error instanceof LiveConfigError)) throw error;
    throw usageError(`"${text}" is not usable: ${error.message}`);
  }
}
