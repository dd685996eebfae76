// What the CLI adds to Node's own start: `--version` and `list` against `node -e 0`. Reach: `--version` at most 1.3 times.
// `list` finds an empty root, so it is the start alone; bench/list.mjs has the bottles.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paired, report } from './paired.mjs';

const cli = fileURLToPath(new URL('../apps/cli/dist/bot-bottle.cjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'bot-bottle-bench-'));
const env = { PATH: process.env.PATH, HOME: home };

function run(...args) {
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
}

const base = () => run('-e', '0');
try {
  report(await paired({ name: 'bot-bottle --version', ours: () => run(cli, '--version'), base }));
  report(await paired({ name: 'bot-bottle list', ours: () => run(cli, 'list'), base }));
} finally {
  rmSync(home, { recursive: true, force: true });
}
