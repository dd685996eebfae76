import { defineConfig } from 'tsup';
import { library } from '../../scripts/tsup.base.js';

export default defineConfig(library({ entry: ['src/index.ts', 'src/pty.ts'] }));
