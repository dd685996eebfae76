import { writeLiveConfig } from '@bot-bottle/live-config';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import { paint } from '../output/colours.js';
import { printable } from '../output/escape.js';
import { EXIT } from '../output/exit-codes.js';
import { write, writeJson, writeLine } from '../output/write.js';
import { applyPolicy, sinceWhen } from '../policy/apply.js';
import { describePolicy, summarise } from '../policy/describe.js';
import { readAllowlistFile, readRoutesFile } from '../policy/policy-file.js';
import { resolveBottle } from './resolve-identity.js';
import type { Input, Run } from './spec.js';

export const run: Run = async (context, input) => {
  const [allowlist, routes] = [input.text('allowlist'), input.text('routes')];
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  if (allowlist === undefined && routes === undefined) return show(context, input, paths);
  const change = {
    ...(allowlist === undefined ? {} : { allowlist: readAllowlistFile(context, allowlist).text }),
    ...(routes === undefined ? {} : { routes: readRoutesFile(context, routes).text }),
  };
  // Whatever stands there now, so that a broken file can be replaced.
  const applied = await applyPolicy(paths, () => writeLiveConfig(paths, change));
  const replaced = Object.keys(change);
  if (input.flag('json')) await writeJson(context.stdout, { identity: paths.identity, replaced, ...applied });
  else await writeLine(context.stdout, `${replaced.join(' and ')} replaced, ${sinceWhen(paths, applied)}`);
  return EXIT.ok;
};

async function show(context: Context, input: Input, paths: BottlePaths): Promise<number> {
  const policy = describePolicy(paths);
  const { config, inForce, applied, refused, problem } = policy;
  const [allowlist, routes] = [config?.text.allowlist ?? null, config?.text.routes ?? null];
  if (input.flag('json')) {
    const { identity } = paths;
    const generation = config?.generation ?? null;
    const edited = config?.edited ?? null;
    await writeJson(context.stdout, {
      identity,
      generation,
      edited,
      inForce,
      applied,
      refused,
      problem,
      allowlist,
      routes,
    });
    return EXIT.ok;
  }
  const heading = (name: string): string => paint(context.stdout, 'dim', name.padEnd(14));
  const row = (name: string, text: string | null): Promise<void> =>
    text === null ? Promise.resolve() : write(context.stdout, `${heading(name)}${block(text)}\n`);
  await row('policy', summarise(policy));
  await row('refused', refused);
  // What the proxy says of a file is mostly what is to be said of it here.
  await row('problem', problem === refused ? null : problem);
  if (config === null) return EXIT.ok;
  await row('allowlist', allowlist === null ? 'none: nobody is allowed' : `${paths.allowlist}\n${allowlist}`);
  await row('routes', routes === null ? 'none' : `${paths.routes}\n${routes}`);
  return EXIT.ok;
}

/** Further lines stand below the first, indented. */
function block(text: string): string {
  return text.trimEnd().split(/\r?\n/).map(printable).join('\n  ');
}
