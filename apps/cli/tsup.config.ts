import { mkdir, writeFile } from 'node:fs/promises';
import { toJsonSchema } from '@valibot/to-json-schema';
import { defineConfig } from 'tsup';
import manifest from './package.json' with { type: 'json' };
import { configSchema } from './src/config/schema.js';

// One file, CommonJS (the quickest to load); what `main.ts` imports dynamically stays lazy inside it.
export default defineConfig({
  entry: { 'bot-bottle': 'src/main.ts' },
  format: ['cjs'],
  outExtension: () => ({ js: '.cjs' }),
  // Old syntax on purpose: a Node that is too old must get as far as being told so.
  target: 'node18',
  clean: true,
  splitting: false,
  minify: true,
  sourcemap: false,
  noExternal: [/.*/],
  external: ['@lydell/node-pty'],
  define: { __BOT_BOTTLE_VERSION__: JSON.stringify(manifest.version) },
  tsconfig: 'tsconfig.build.json',
  async onSuccess() {
    const schema = toJsonSchema(configSchema, { typeMode: 'input', errorMode: 'ignore' });
    await mkdir('schema', { recursive: true });
    await writeFile('schema/bot-bottle.schema.json', `${JSON.stringify(schema, null, 2)}\n`);
  },
});
