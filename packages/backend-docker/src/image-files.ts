import { posix } from 'node:path';
import {
  type BottleRef,
  type BottleSpec,
  checkFile,
  FILE_FOLDERS,
  type FileMount,
} from '@bot-bottle/backend';
import { type Engine, EngineRefusal } from './engine.js';
import { labelsOf } from './names.js';
import { readTar } from './tar.js';

/** As many links as Linux follows in one path (path_resolution(7)). */
const MAX_LINKS = 40;

/** Checks every file, and leaves out those that would cover nothing in the image. @throws BackendError `bad-spec` */
export async function filesIn(
  engine: Engine,
  image: string,
  spec: BottleSpec,
): Promise<readonly FileMount[]> {
  const { files = [] } = spec;
  for (const file of files) checkFile(file);
  const covering = files.filter(({ target }) => !target.startsWith(FILE_FOLDERS.own));
  if (covering.length === 0) return files;
  const entries = await systemEntries(engine, image, spec);
  return files.flatMap(({ source, target }) => {
    if (target.startsWith(FILE_FOLDERS.own)) return [{ source, target }];
    const covered = follow(entries, target);
    return covered === null ? [] : [{ source, target: covered }];
  });
}

/** What lies below those folders of the image: null for a file, else where a link leads. Nothing of the image is run. */
async function systemEntries(
  engine: Engine,
  image: string,
  ref: BottleRef,
): Promise<ReadonlyMap<string, string | null>> {
  // Of the bottle: it goes with that where this process is killed.
  const labels = Object.entries(labelsOf(ref, 'look')).flatMap(pair => ['--label', pair.join('=')]);
  const created = await engine.change(['create', '--network', 'none', ...labels, image, 'none']);
  const container = created.trim();
  try {
    const folders = FILE_FOLDERS.system.map(folder => folder.slice(0, -1));
    const archives = await Promise.all(folders.map(folder => copyOut(engine, container, folder)));
    const entries = new Map<string, string | null>();
    for (const archive of archives) {
      for (const { name, kind, target } of readTar(archive)) {
        if (kind !== 'other') entries.set(posix.join('/etc', name), kind === 'link' ? target : null);
      }
    }
    return entries;
  } finally {
    // With the volumes that the engine made for what the image declares as one.
    await engine.change(['rm', '--force', '--volumes', container]);
  }
}

async function copyOut(engine: Engine, container: string, folder: string): Promise<Buffer> {
  try {
    return await engine.askBytes('cp', `${container}:${folder}`, '-');
  } catch (error) {
    // Few images have both.
    if (error instanceof EngineRefusal) return Buffer.alloc(0);
    throw error;
  }
}

/** The file at the end of the links; null where there is none, or it lies elsewhere. */
function follow(entries: ReadonlyMap<string, string | null>, path: string): string | null {
  let at = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const target = entries.get(at);
    if (target === undefined) return null;
    if (target === null) return at;
    at = posix.resolve(posix.dirname(at), target);
  }
  return null;
}
