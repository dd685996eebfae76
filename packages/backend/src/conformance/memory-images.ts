import { createHash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkBuild } from '../check-build.js';
import type { DestroyReport } from '../destroy-report.js';
import { BackendError } from '../errors.js';
import type { BuildHost, BuiltImage, ImageBuild, ImageBuilder, ImageSighting } from '../image-builder.js';
import type { BottleRef } from '../spec.js';

interface Image {
  readonly digest: string;
  readonly bottle: BottleRef | undefined;
  /** Texts by path. */
  readonly files: ReadonlyMap<string, string>;
}

/** Images as entries of a map, of Dockerfiles with `FROM` and `COPY FILE PATH` alone. */
export class MemoryImages implements ImageBuilder {
  readonly defaultImage = 'empty';
  readonly #images = new Map<string, Image>();

  /** The files of an image; undefined: there is no such image. */
  find(name = this.defaultImage): Image['files'] | undefined {
    return name === this.defaultImage ? new Map() : this.#images.get(name)?.files;
  }

  async build(build: ImageBuild, host: BuildHost): Promise<BuiltImage> {
    checkBuild(build);
    if (host.signal?.aborted) throw new BackendError('build-failed', 'the build was stopped');
    const { dockerfile, bottle, noCache } = build;
    const text = readFileSync(dockerfile, 'utf8');
    const files = copy(text, build);
    const digest = createHash('sha256')
      .update(JSON.stringify([text, ...files]))
      .digest('hex');
    const image = build.name.includes(':') ? build.name : `${build.name}:${digest}`;
    const before = this.#images.get(image);
    const made: Image = { digest, bottle, files };
    if (before?.digest === digest && before.bottle?.stateFolder === bottle?.stateFolder && !noCache)
      return { image, built: false };
    for (const line of text.trim().split('\n')) host.progress(line);
    this.#images.set(image, made);
    return { image, built: true };
  }

  async remove({ stateFolder }: BottleRef, name: string): Promise<DestroyReport> {
    const removed = this.#images.get(name)?.bottle?.stateFolder === stateFolder && this.#images.delete(name);
    return { removed, left: [] };
  }

  async survey(): Promise<readonly ImageSighting[]> {
    return [...this.#images].flatMap(([name, { bottle }]) =>
      bottle === undefined ? [] : [{ bottle, name }],
    );
  }
}

function copy(text: string, { context }: ImageBuild): Map<string, string> {
  const files = new Map<string, string>();
  for (const [, source = '', target = ''] of text.matchAll(/^COPY (\S+) (\S+)$/gm)) {
    const file = join(context ?? '', source);
    if (context === null || !lstatSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw new BackendError('build-failed', `the build failed:\nCOPY ${source}: there is no such file`);
    }
    files.set(target, readFileSync(file, 'utf8'));
  }
  return files;
}
