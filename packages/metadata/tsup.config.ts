import { defineConfig } from 'tsup';
import { library } from '../../scripts/tsup.base.js';

// Whoever only reads records installs little: docs/decisions/sizes.md.
const builtIn = ['@bot-bottle/durable-fs', '@bot-bottle/state-paths'];
export default defineConfig(library({ entry: ['src/index.ts', 'src/codec.ts'], builtIn }));
