import { once } from 'node:events';
import { EXIT } from '../output/exit-codes.js';
import { followLog } from '../session/logs.js';
import { resolveBottle } from './resolve-identity.js';
import type { Run } from './spec.js';

export const run: Run = async (context, input) => {
  const paths = resolveBottle(context.root, input.args[0] ?? '');
  // Bytes as they are, as an attached terminal sees them: colours and cursor movements are part of what was shown.
  for await (const chunk of followLog(paths, { follow: input.flag('follow') })) {
    if (!context.stdout.write(chunk)) await once(context.stdout, 'drain');
  }
  return EXIT.ok;
};
