import { defineConfig } from 'tsup';

// One file, CommonJS (the quickest to load); what `main.ts` imports dynamically stays lazy inside it.
export default defineConfig({
  entry: { 'bot-bottle': 'src/main.ts' },
  format: ['cjs'],
  outExtension: () => ({ js: '.cjs' }),
  target: 'node22',
  clean: true,
  splitting: false,
  minify: true,
  sourcemap: false,
  noExternal: [/.*/],
  external: ['@lydell/node-pty'],
  tsconfig: 'tsconfig.build.json',
});
