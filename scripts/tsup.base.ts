import type { Options } from 'tsup';

/** What every published library is built with: ESM and CJS with declarations, nothing bundled in, no minification. */
export function library(entry: string[] = ['src/index.ts']): Options {
  return {
    entry,
    format: ['esm', 'cjs'],
    dts: true,
    clean: true,
    target: 'node22',
    sourcemap: false,
    splitting: entry.length > 1,
    tsconfig: 'tsconfig.build.json',
  };
}
