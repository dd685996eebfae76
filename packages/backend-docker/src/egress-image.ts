import { createHash } from 'node:crypto';
import { createReadStream, realpathSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { EGRESS_PROGRAM, EGRESS_SOURCE } from './egress-program.js';
import { type Engine, EngineRefusal } from './engine.js';
import { isPresent } from './images.js';
import { LABELS } from './names.js';
import { TAR_END, tarHeader, tarPadding } from './tar.js';

const REPOSITORY = 'bot-bottle-egress';

/**
 * The image of the egress container, made where it is not there: this Node, the libraries that it has loaded, and our program.
 * Nothing is pulled, no shell is in it, and it is made again when one of the three changes.
 */
export async function egressImage(engine: Engine): Promise<string> {
  const files = [
    { name: EGRESS_PROGRAM[0].slice(1), path: realpathSync(process.execPath), mode: 0o755 },
    ...libraries(),
  ];
  const name = `${REPOSITORY}:${digestOf(files)}`;
  if (await isPresent(engine, name)) return name;
  const change = ['--change', `LABEL ${LABELS.role}=egress`];
  try {
    await engine.change(['import', ...change, '-', name], { input: Readable.from(archive(files)) });
  } catch (error) {
    if (error instanceof EngineRefusal)
      throw new EngineRefusal(`the egress image was not made: ${error.message}`);
    throw error;
  }
  return name;
}

interface ImageFile {
  readonly name: string;
  readonly path: string;
  readonly mode: number;
}

/**
 * Those that Node itself was started with, at the path by which the loader looks them up: what an add-on or a name service brought later
 * follows them in the report, and differs from one process of ours to the next.
 */
function libraries(): ImageFile[] {
  // Otherwise it asks the name server for this machine's peers.
  Object.assign(process.report, { excludeNetwork: true });
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
  const later = sharedObjects.findIndex(path => path.endsWith('.node') || path.includes('/libnss_'));
  return sharedObjects
    .slice(0, later === -1 ? undefined : later)
    .filter(path => path.startsWith('/') && path !== process.execPath)
    .map(path => ({ name: path.slice(1), path: realpathSync(path), mode: 0o755 }));
}

function digestOf(files: readonly ImageFile[]): string {
  const hash = createHash('sha256').update(EGRESS_SOURCE).update(process.version);
  for (const { name, path } of files) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${name}\0${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

async function* archive(files: readonly ImageFile[]): AsyncGenerator<Uint8Array> {
  const program = Buffer.from(EGRESS_SOURCE);
  yield tarHeader(EGRESS_PROGRAM[1].slice(1), program.length, 0o644);
  yield program;
  yield tarPadding(program.length);
  for (const { name, path, mode } of files) {
    const { size } = statSync(path);
    yield tarHeader(name, size, mode);
    yield* createReadStream(path);
    yield tarPadding(size);
  }
  yield TAR_END;
}
