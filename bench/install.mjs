// `npm install --global bot-bottle` from a warm registry on loopback, with empty caches of npm's, against the smallest package
// of ours that there is. Reach: less than 5 s. Releases a copy of the repository first, as `npm run release:dry` does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { clientEnvironment } from '../release/src/client.ts';
import { copyRepository } from '../release/src/copy.ts';
import { succeed } from '../release/src/programs.ts';
import { release } from '../release/src/publish.ts';
import { startRegistry } from '../release/src/registry.ts';
import { paired, report } from './paired.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-bench-'));
let users = 0;

/** A user who never installed anything. */
async function install(name, registry) {
  const home = join(folder, `user-${++users}`);
  const env = clientEnvironment(home, registry);
  await succeed(['npm', 'install', '--global', '--prefix', join(home, 'prefix'), name], { cwd: home, env });
  rmSync(home, { recursive: true });
}

try {
  const copy = join(folder, 'copy');
  await copyRepository(repository, copy);
  const upstream = (await succeed(['npm', 'config', 'get', 'registry'], { cwd: folder })).trim();
  const { url, stop } = await startRegistry(join(folder, 'registry'), upstream);
  await release(copy, clientEnvironment(join(folder, 'home'), url), () => {});
  const name = 'npm install --global bot-bottle';
  const [ours, base] = ['bot-bottle', '@bot-bottle/identity'].map(each => () => install(each, url));
  report(await paired({ name, ours, base, rounds: 7 }));
  await stop();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
