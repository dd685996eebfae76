import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { clientEnvironment } from '../src/client.ts';
import { copyRepository } from '../src/copy.ts';
import { nodeFolders } from '../src/nodes.ts';
import { succeed } from '../src/programs.ts';
import { release } from '../src/publish.ts';
import { startRegistry } from '../src/registry.ts';
import { shareReleased } from '../src/released.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Releases everything to a registry of our own: what the tests then install is what users would. */
export default async function setUp(): Promise<void> {
  const start = performance.now();
  const told = (step: string) => {
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
    process.stderr.write(`[release] ${seconds} s  ${step}\n`);
  };
  const folder = temporaryFolder();
  const copy = join(folder, 'copy');
  told('a copy of the repository');
  await copyRepository(repository, copy);
  told('a registry on loopback');
  const upstream = (await succeed(['npm', 'config', 'get', 'registry'], { cwd: folder })).trim();
  const registry = await startRegistry(join(folder, 'registry'), upstream);
  const releases = await release(copy, clientEnvironment(join(folder, 'home'), registry.url), told);
  told(`released ${releases.map(({ name, version }) => `${name}@${version}`).join(', ')}`);
  shareReleased({ registry: registry.url, releases, copy, nodes: nodeFolders(repository) });
  (globalThis as { stopRegistry?: () => Promise<void> }).stopRegistry = registry.stop;
}
