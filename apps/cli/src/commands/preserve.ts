import { clearPreserved, markPreserved } from '@bot-bottle/preserve';
import { EXIT } from '../output/exit-codes.js';
import { writeJson, writeLine } from '../output/write.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  const preserved = !input.flag('off');
  if (preserved) await markPreserved(paths);
  else await clearPreserved(paths);
  if (input.flag('json')) await writeJson(context.stdout, { identity: paths.identity, preserved });
  else await writeLine(context.stdout, paths.identity);
  return EXIT.ok;
};
