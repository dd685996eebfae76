import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** TypeScript's program, the repository's own: consumers need not install it three times. */
export const TYPESCRIPT = join(
  fileURLToPath(new URL('../../', import.meta.url)),
  'node_modules/typescript/bin/tsc',
);
