import type { Options } from 'tsup';

interface Built {
  entry?: string[];
  /** Packages of the house whose used parts go into the output, instead of being a dependency of its users. */
  builtIn?: string[];
}

/** What every published library is built with: ES modules with declarations, not minified; write-commonjs.mjs adds the rest. */
export function library({ entry = ['src/index.ts'], builtIn = [] }: Built = {}): Options {
  return {
    entry,
    format: ['esm'],
    dts: true,
    clean: true,
    target: 'node22',
    sourcemap: false,
    splitting: entry.length > 1,
    noExternal: builtIn,
    tsconfig: 'tsconfig.build.json',
  };
}
