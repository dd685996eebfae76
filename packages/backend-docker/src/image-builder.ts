import { copyFileSync, createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  BottleRef,
  BuildHost,
  BuiltImage,
  DestroyReport,
  ImageBuild,
  ImageBuilder,
  ImageSighting,
} from '@bot-bottle/backend';
import { BackendError, checkBuild } from '@bot-bottle/backend';
import { isIdentity } from '@bot-bottle/identity';
import { ignoreRefusal } from './containers.js';
import { contentsOf, ignoreFileOf } from './contents.js';
import { type Engine, EngineRefusal } from './engine.js';
import { IMAGE_LABELS, imageLabelsOf } from './names.js';

/** Milliseconds that a build may take. */
const BUILD_MS = 2 * 60 * 60_000;
/** Lines of a failed build that its error repeats. */
const LAST_LINES = 20;
/** Characters of a digest that are enough for a tag. */
const SHORT = 16;
/** What an older image is called as long as a container still runs it. */
const SUPERSEDED = 'superseded';

/**
 * Builds with `docker build`: BuildKit where the engine and its client have it, else the classic builder. No argument of a
 * build is set, and the context goes to the engine as the client packs it, links as links.
 */
export function imageBuilder(engine: Engine, defaultImage: string): ImageBuilder {
  return {
    defaultImage,

    async build(build, host) {
      checkBuild(build);
      const contents = await contentsOf(build);
      const image = build.name.includes(':') ? build.name : `${build.name}:${contents.slice(0, SHORT)}`;
      const labels = imageLabelsOf(build.bottle, contents);
      const before = await look(engine, image);
      if (!build.noCache && before !== null && bears(before, labels)) return { image, built: false };
      await beside(build, laid => run(engine, laid, image, labels, host));
      const made = await look(engine, image);
      if (made === null || !bears(made, labels)) throw notKept(image);
      if (before !== null && before.id !== made.id && isOf(before, build.bottle)) {
        await supersede(engine, before.id, image);
      }
      return { image, built: true } satisfies BuiltImage;
    },

    remove: (bottle, name) => remove(engine, bottle, name),

    survey: () => surveyImages(engine),
  };
}

interface SeenImage {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Null: there is no image of that name. */
async function look(engine: Engine, image: string): Promise<SeenImage | null> {
  try {
    const answer = await engine.ask('image', 'inspect', '--format', '{{.Id}} {{json .Config.Labels}}', image);
    const [id = '', ...labels] = answer.trim().split(' ');
    return { id, labels: JSON.parse(labels.join(' ')) ?? {} };
  } catch (error) {
    ignoreRefusal(error);
    return null;
  }
}

function bears({ labels }: SeenImage, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

function isOf({ labels }: SeenImage, bottle: BottleRef | undefined): boolean {
  return bottle !== undefined && labels[IMAGE_LABELS.state] === bottle.stateFolder;
}

/** BuildKit looks beside the Dockerfile for what to leave out: of one that stands for another, both are laid side by side. */
async function beside<T>(build: ImageBuild, work: (build: ImageBuild) => Promise<T>): Promise<T> {
  const ignore = ignoreFileOf(build);
  if (build.context === null || build.ignore === undefined || ignore === null) return work(build);
  const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-build-'));
  try {
    const dockerfile = join(folder, 'Dockerfile');
    copyFileSync(build.dockerfile, dockerfile);
    copyFileSync(ignore, `${dockerfile}.dockerignore`);
    return await work({ ...build, dockerfile });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(
  engine: Engine,
  { dockerfile, context, noCache }: ImageBuild,
  image: string,
  labels: Readonly<Record<string, string>>,
  { progress, signal }: BuildHost,
): Promise<void> {
  const last: string[] = [];
  const onLine = (line: string) => {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    progress(line);
  };
  // The classic builder leaves the containers of a build that failed.
  const options = ['--force-rm', ...(noCache ? ['--no-cache'] : []), '--tag', image];
  const labelled = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
  const sources = context === null ? ['-'] : ['--file', dockerfile, context];
  const input = context === null ? { input: createReadStream(dockerfile) } : {};
  try {
    signal?.throwIfAborted();
    await engine.follow(['build', ...options, ...labelled, ...sources], {
      ...{ onLine, timeoutMs: BUILD_MS, ...input },
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    if (signal?.aborted) throw new BackendError('build-failed', 'the build was stopped', { cause });
    if (!(cause instanceof EngineRefusal)) throw cause;
    const said = last.length > 0 ? last : [cause.message];
    throw new BackendError('build-failed', ['the image was not built:', ...said].join('\n'), { cause });
  }
}

/** An older image goes, or, while a container runs it, gets the name by which `remove` finds it. */
async function supersede(engine: Engine, id: string, image: string): Promise<void> {
  try {
    await engine.change(['image', 'rm', id]);
  } catch (error) {
    ignoreRefusal(error);
    await engine.change(['tag', id, tagged(image, SUPERSEDED)]).catch(ignoreRefusal);
  }
}

/** By its name and its labels: another's image that was made of it has the labels as well. */
async function remove(engine: Engine, bottle: BottleRef, name: string): Promise<DestroyReport> {
  // By one label, which no other bottle has: Podman 4.3 takes several for alternatives.
  const filter = `label=${IMAGE_LABELS.state}=${bottle.stateFolder}`;
  const listed = await engine.ask('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', filter);
  const names = [name, tagged(name, SUPERSEDED)];
  // Podman puts a registry before a name that has none.
  const ours = listed.split('\n').filter(line => names.some(own => line === own || line.endsWith(`/${own}`)));
  const left: { path: string; reason: string }[] = [];
  for (const path of ours) {
    await engine.change(['image', 'rm', path]).catch((error: unknown) => {
      ignoreRefusal(error);
      left.push({ path, reason: (error as Error).message });
    });
  }
  return { removed: ours.length > left.length, left };
}

async function surveyImages(engine: Engine): Promise<readonly ImageSighting[]> {
  const filter = `label=${IMAGE_LABELS.role}=override`;
  const listed = await engine.ask('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', '--filter', filter);
  const found: ImageSighting[] = [];
  for (const name of listed.split('\n').filter(line => line !== '' && !line.includes('<none>'))) {
    // Null: it went meanwhile.
    const seen = await look(engine, name);
    const identity = seen?.labels[IMAGE_LABELS.identity];
    const stateFolder = seen?.labels[IMAGE_LABELS.state];
    if (!isIdentity(identity) || stateFolder === undefined) continue;
    found.push({ bottle: { identity, stateFolder }, name: name.replace(/^localhost\//, '') });
  }
  return found;
}

function tagged(image: string, tag: string): string {
  return image.replace(/:.*$/, `:${tag}`);
}

function notKept(image: string): BackendError {
  return new BackendError(
    'build-failed',
    `the build left no image ${image} in the engine; expected the engine's own builder to be the one in use`,
    { remedy: 'docker buildx use default' },
  );
}
