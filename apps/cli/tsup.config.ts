import { mkdir, writeFile } from 'node:fs/promises';
import { toJsonSchema } from '@valibot/to-json-schema';
import { defineConfig } from 'tsup';
import manifest from './package.json' with { type: 'json' };
import { manualPage } from './src/commands/manual.js';
import { configSchema } from './src/config/schema.js';

// Two files, CommonJS (the quickest to load): the entry, and everything else bundled into one. What that imports
// dynamically stays lazy inside it.
export default defineConfig({
  entry: { 'bot-bottle': 'src/main.ts', run: 'src/commands/run.ts' },
  format: ['cjs'],
  outExtension: () => ({ js: '.cjs' }),
  // Old syntax on purpose: a Node that is too old must get as far as being told so.
  target: 'node18',
  clean: true,
  splitting: false,
  minify: true,
  sourcemap: false,
  // Everything but the native module, which stays a dependency of its own.
  noExternal: [/^(?!@lydell\/node-pty$)/],
  define: { __BOT_BOTTLE_VERSION__: JSON.stringify(manifest.version) },
  tsconfig: 'tsconfig.build.json',
  esbuildPlugins: [
    {
      name: 'rest-in-its-own-file',
      setup(build) {
        build.onResolve({ filter: /^\.\/commands\/run\.js$/ }, () => ({ path: './run.cjs', external: true }));
      },
    },
  ],
  async onSuccess() {
    const schema = toJsonSchema(configSchema, { typeMode: 'input', errorMode: 'ignore' });
    await mkdir('schema', { recursive: true });
    await writeFile('schema/bot-bottle.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
    await writeFile('dist/bot-bottle.1', manualPage({ version: manifest.version, date: buildDate() }));
  },
});

/** Today, or what a reproducible build says it is (https://reproducible-builds.org/specs/source-date-epoch). */
function buildDate(): Date {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  return epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);
}
