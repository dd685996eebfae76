import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '../backend.js';
import type { BackendError } from '../errors.js';
import type { BuiltImage, ImageBuild, ImageBuilder } from '../image-builder.js';
import { type TestBottle, withBottle } from './bottles.js';
import type { Programs } from './programs.js';
import { type ConformanceOptions, refuses, type TestRunner } from './runner.js';

/** Where the images of the suite hold the file of their context. */
const COPIED = '/conformance-copied';

const REMOVED = { removed: true, left: [] };
const ABSENT = { removed: false, left: [] };

/** A folder of the operator's with a Dockerfile and what that copies. */
class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'bot-bottle-conformance-'));
  readonly context = join(this.folder, 'context');
  readonly dockerfile = join(this.folder, 'Dockerfile');
  readonly said: string[] = [];

  constructor(
    private readonly builder: ImageBuilder,
    private readonly bottle: TestBottle,
  ) {
    mkdirSync(this.context);
    this.write('first');
    this.copies('copied');
  }

  get name(): string {
    return `bot-bottle-test-${this.bottle.spec.identity}:latest`;
  }

  /** What the image is to hold. */
  write(text: string): void {
    writeFileSync(join(this.context, 'copied'), text);
  }

  copies(source: string): void {
    writeFileSync(this.dockerfile, `FROM ${this.builder.defaultImage}\nCOPY ${source} ${COPIED}\n`);
  }

  build(changes: Partial<ImageBuild> = {}): Promise<BuiltImage> {
    const { name, dockerfile, context, bottle } = this;
    return this.builder.build(
      { name, dockerfile, context, bottle: bottle.spec, ...changes },
      { progress: line => this.said.push(line) },
    );
  }
}

/** What an adapter that builds images promises. */
export function describeImages(
  it: TestRunner['it'],
  makeBackend: () => Backend,
  { host }: ConformanceOptions,
  programs: Programs,
): void {
  const promise = (text: string, body: (bench: Bench, bottle: TestBottle) => Promise<void>) =>
    it(text, () => {
      const backend = makeBackend();
      return withBottle(backend, host(), async bottle => {
        const { builder } = backend;
        assert.ok(builder !== undefined);
        const bench = new Bench(builder, bottle);
        try {
          await body(bench, bottle);
        } finally {
          await backend.destroy(bottle.spec);
          await builder.remove(bottle.spec, bench.name);
          rmSync(bench.folder, { recursive: true });
        }
      });
    });
  const shown = async (bottle: TestBottle, image: string) =>
    (await bottle.run(programs.read(COPIED), { image })).output.trim();

  promise('builds what COPY finds, once, until something of it changes', async (bench, bottle) => {
    const { name, dockerfile, context } = bench;
    assert.deepEqual(await bench.build(), { image: name, built: true });
    assert.notDeepEqual(bench.said, []);
    bench.said.length = 0;
    const other = makeBackend().builder;
    const again = await other?.build(
      { name, dockerfile, context, bottle: bottle.spec },
      { progress: line => bench.said.push(line) },
    );
    assert.deepEqual([again, bench.said], [{ image: name, built: false }, []]);
    bench.write('other');
    assert.equal((await bench.build()).built, true);
    assert.equal(await shown(bottle, name), 'other');
    assert.equal((await bench.build({ noCache: true })).built, true);
  });

  promise('leaves the old image where a build fails, and says why', async (bench, bottle) => {
    const { image } = await bench.build();
    bench.copies('not-there');
    await assert.rejects(bench.build(), (error: BackendError) => {
      assert.deepEqual([error.name, error.code], ['BackendError', 'build-failed']);
      assert.match(error.message, /not-there/);
      return true;
    });
    assert.equal(await shown(bottle, image), 'first');
  });

  promise('follows no link out of the context', async bench => {
    writeFileSync(join(bench.folder, 'outside'), 'of the operator');
    symlinkSync('../outside', join(bench.context, 'link'));
    bench.copies('link');
    await refuses('build-failed', () => bench.build());
  });

  promise('tags a name alone with what it is made of', async (bench, bottle) => {
    const name = bench.name.replace(/:.*/, '');
    const images = [];
    for (const text of ['first', 'other', 'first']) {
      bench.write(text);
      images.push((await bench.build({ name: `${name}-shared` })).image);
    }
    const [first = '', other = '', third] = images;
    assert.equal(third, first);
    assert.notEqual(other, first);
    assert.match(first, new RegExp(`^${name}-shared:[0-9a-f]{12,64}$`));
    const builder = makeBackend().builder;
    for (const image of [first, other]) assert.deepEqual(await builder?.remove(bottle.spec, image), REMOVED);
  });

  promise('removes the image of one bottle, once', async (bench, bottle) => {
    const builder = makeBackend().builder;
    const { image } = await bench.build();
    const stranger = { ...bottle.spec, stateFolder: `${bottle.spec.stateFolder}-other` };
    assert.deepEqual(await builder?.remove(stranger, image), ABSENT);
    assert.equal((await bench.build()).built, false);
    assert.deepEqual(await builder?.remove(bottle.spec, image), REMOVED);
    assert.deepEqual(await builder?.remove(bottle.spec, image), ABSENT);
    assert.equal((await bench.build()).built, true);
  });

  if (makeBackend().builder?.survey !== undefined) {
    promise('sees the image of a bottle, until it is removed', async (bench, bottle) => {
      const builder = makeBackend().builder;
      const { identity, stateFolder } = bottle.spec;
      const seen = async () => {
        const all = (await builder?.survey?.()) ?? [];
        return all
          .filter(image => image.bottle.stateFolder === stateFolder)
          .map(image => [image.bottle.identity, image.name]);
      };
      assert.deepEqual(await seen(), []);
      const { image } = await bench.build();
      assert.deepEqual(await seen(), [[identity, image]]);
      await builder?.remove(bottle.spec, image);
      assert.deepEqual(await seen(), []);
    });
  }

  promise('refuses a build without a Dockerfile, or of paths that are not absolute', async bench => {
    for (const dockerfile of [join(bench.folder, 'absent'), bench.folder, 'Dockerfile']) {
      await refuses('bad-spec', () => bench.build({ dockerfile }));
    }
    await refuses('bad-spec', () => bench.build({ context: 'context' }));
    await refuses('bad-spec', () => bench.build({ ignore: 'Dockerfile.dockerignore' }));
    await refuses('bad-spec', () => bench.build({ name: '--tag' }));
  });

  promise('stops a build that is not wanted any more', async bench => {
    const { name, dockerfile, context } = bench;
    const signal = AbortSignal.abort();
    const builder = makeBackend().builder;
    await refuses('build-failed', async () =>
      builder?.build({ name, dockerfile, context }, { progress: () => {}, signal }),
    );
  });
}
