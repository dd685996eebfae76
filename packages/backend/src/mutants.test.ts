import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeBackend, MemoryStore, memoryBackend, memoryPrograms } from './conformance.js';
import type { Backend, BottleRef, BottleSpec, ImageBuilder, LaunchHost, Recollection } from './index.js';

const host = (): LaunchHost => ({
  openTerminal(): never {
    throw new Error('the memory backend needs no terminal of the host');
  },
});

/** Runs the suite outside of jest, as another runner would, and returns the names of the promises that were broken. */
async function broken(makeBackend: () => Backend): Promise<string[]> {
  const tests: [string, () => Promise<void>][] = [];
  const runner = {
    describe: (_name: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => tests.push([name, body]),
  };
  describeBackend('mutant', makeBackend, { host, programs: memoryPrograms, runner });
  const names: string[] = [];
  for (const [name, body] of tests) await body().catch(() => names.push(name));
  return names;
}

/** A backend with one fault; `change` gets the sound one. */
function mutant(change: (sound: Backend) => Partial<Backend>): () => Backend {
  const store = new MemoryStore();
  return () => {
    const sound = memoryBackend(store);
    return { ...sound, ...change(sound) };
  };
}

const launchWith = (sound: Backend, change: (spec: BottleSpec) => Partial<BottleSpec>): Partial<Backend> => ({
  launch: ({ spec }, host) => sound.launch({ spec: { ...spec, ...change(spec) } }, host),
});

/** A way out that answers the proof as it should be, and only that. */
const denyFirst = ({ serveEgress, ...host }: LaunchHost): LaunchHost => {
  let connections = 0;
  const serve: LaunchHost['serveEgress'] = connection => {
    connections += 1;
    if (connections === 1) connection.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    else serveEgress?.(connection);
  };
  return { ...host, serveEgress: serve };
};

function builderOf({ builder }: Backend): ImageBuilder {
  if (builder === undefined) throw new Error('the sound backend builds no images');
  return builder;
}

function withBuilder(sound: Backend, change: Partial<ImageBuilder>): Partial<Backend> {
  const { defaultImage } = builderOf(sound);
  const rest: ImageBuilder = {
    defaultImage,
    build: (build, host) => builderOf(sound).build(build, host),
    remove: (bottle, name) => builderOf(sound).remove(bottle, name),
    survey: async () => (await builderOf(sound).survey?.()) ?? [],
  };
  return { builder: { ...rest, ...change } };
}

const anyBottle: BottleRef = { identity: 'any-aaaaa' as BottleRef['identity'], stateFolder: '/any' };
const builtOnce = new Set<string>();
const shared: { host?: LaunchHost } = {};

const forgotten: Recollection = {
  ...{ agentName: '', command: [], image: null, labels: {}, project: '', createdAt: new Date(0) },
  workspace: { source: '/', target: '/' },
  home: { source: '/', target: '/' },
};

describe('the suite', () => {
  it('passes a sound backend in any runner', async () => {
    expect(await broken(mutant(() => ({})))).toEqual([]);
  });

  it.each<[string, string, (sound: Backend) => Partial<Backend>]>([
    ['speaks a newer contract', 'speaks a contract', () => ({ contract: { major: 1, minor: 1 } })],
    [
      'cannot run here',
      'proves itself available',
      () => ({ probe: async () => ({ available: false, reason: 'no', remedy: 'none' }) }),
    ],
    [
      'starts on prepare',
      'prepares as often as asked',
      sound => ({
        prepare: async spec => {
          const prepared = await sound.prepare(spec);
          if ((await sound.status(spec)).state === 'prepared') await sound.launch(prepared, host());
          return prepared;
        },
      }),
    ],
    [
      'prepares on launch',
      'refuses to launch what was not prepared',
      sound => ({
        launch: async (prepared, host) => sound.launch(await sound.prepare(prepared.spec), host),
      }),
    ],
    [
      'leaks the operator’s environment',
      'gives the environment',
      sound =>
        launchWith(sound, spec => ({ env: { ...(process.env as Record<string, string>), ...spec.env } })),
    ],
    ['loses the environment', 'gives the environment', sound => launchWith(sound, () => ({ env: {} }))],
    [
      'loses exit codes',
      'passes exit code 7',
      sound => ({
        launch: async (prepared, host) => {
          const bottle = await sound.launch(prepared, host);
          return { ...bottle, exited: bottle.exited.then(() => ({ code: 0 })) };
        },
      }),
    ],
    [
      'has another host name',
      'has the identity for its host name',
      sound => launchWith(sound, () => ({ identity: 'other-aaaaa' as BottleSpec['identity'] })),
    ],
    [
      'launches twice',
      'refuses a second launch',
      sound => ({
        launch: async (prepared, host) => {
          await sound.stop(prepared.spec, { graceMs: 0 });
          return sound.launch(prepared, host);
        },
      }),
    ],
    [
      'kills without asking',
      'lets the program end by itself',
      sound => ({ stop: ref => sound.stop(ref, { graceMs: 0 }) }),
    ],
    [
      'forgets on stop',
      'lets the program end by itself',
      sound => ({
        stop: async (ref, options) => {
          await sound.stop(ref, options);
          await sound.destroy(ref);
        },
      }),
    ],
    [
      'destroys HOME',
      'destroys nothing but its own',
      sound => ({
        destroy: async (ref: BottleRef) => {
          rmSync(join(ref.stateFolder, '../home'), { recursive: true, force: true });
          return sound.destroy(ref);
        },
      }),
    ],
    [
      'leaves something behind',
      'destroys nothing but its own',
      sound => ({
        prepare: spec => {
          writeFileSync(join(spec.stateFolder, '../leftover'), '');
          return sound.prepare(spec);
        },
      }),
    ],
    [
      'always finds something to destroy',
      'destroys a running bottle',
      sound => ({ destroy: async ref => ({ ...(await sound.destroy(ref)), removed: true }) }),
    ],
    [
      'builds images and runs none',
      'speaks a contract',
      sound => ({ capabilities: { ...sound.capabilities, images: false } }),
    ],
    [
      'takes an image and runs another',
      'builds what COPY finds',
      sound => launchWith(sound, () => ({ image: 'empty' })),
    ],
    [
      'builds whatever is there',
      'builds what COPY finds',
      sound =>
        withBuilder(sound, {
          build: (build, host) => builderOf(sound).build({ ...build, noCache: true }, host),
        }),
    ],
    [
      'never builds again',
      'builds what COPY finds',
      sound =>
        withBuilder(sound, {
          build: async (build, host) => {
            if (builtOnce.has(build.name)) return { image: build.name, built: false };
            builtOnce.add(build.name);
            return builderOf(sound).build(build, host);
          },
        }),
    ],
    [
      'loses the old image in a build that fails',
      'leaves the old image',
      sound =>
        withBuilder(sound, {
          build: async (build, host) => {
            try {
              return await builderOf(sound).build(build, host);
            } catch (error) {
              if (build.bottle !== undefined) await builderOf(sound).remove(build.bottle, build.name);
              throw error;
            }
          },
        }),
    ],
    [
      'follows links',
      'follows no link out of the context',
      sound =>
        withBuilder(sound, {
          build: (build, host) => {
            const { context } = build;
            const link = join(context ?? '', 'link');
            if (existsSync(link)) {
              const text = readFileSync(link);
              rmSync(link);
              writeFileSync(link, text);
            }
            return builderOf(sound).build(build, host);
          },
        }),
    ],
    [
      "removes any bottle's image",
      'removes the image of one bottle',
      sound =>
        withBuilder(sound, {
          build: ({ bottle: _ignored, ...build }, host) =>
            builderOf(sound).build({ ...build, bottle: anyBottle }, host),
          remove: (_bottle, name) => builderOf(sound).remove(anyBottle, name),
        }),
    ],
    [
      'keeps what it built',
      'removes the image of one bottle',
      sound => withBuilder(sound, { remove: async () => ({ removed: true, left: [] }) }),
    ],
    [
      'has no way out',
      'brings connections from inside',
      sound => ({
        launch: ({ spec: { egress: _ignored, ...spec } }, host) => sound.launch({ spec }, host),
      }),
    ],
    [
      'has a way out that nobody asked for',
      'has no way out where none is asked for',
      sound => launchWith(sound, () => ({ egress: { port: 3128 } })),
    ],
    [
      'believes in its way out',
      'starts no agent where what must be denied is let out',
      sound => ({ launch: (prepared, host) => sound.launch(prepared, denyFirst(host)) }),
    ],
    [
      'starts without the way out that was asked for',
      'starts no agent where the host serves no way out',
      sound => ({
        launch: ({ spec }, host) => {
          const { egress: _ignored, ...closed } = spec;
          return sound.launch({ spec: host.serveEgress === undefined ? closed : spec }, host);
        },
      }),
    ],
    [
      'leads all bottles to one host',
      'leads each bottle to its own host',
      sound => ({
        launch: (prepared, host) => {
          if (host.serveEgress !== undefined) shared.host ??= host;
          return sound.launch(prepared, shared.host ?? host);
        },
      }),
    ],
    [
      'takes any port',
      'refuses the port 80',
      sound => ({ prepare: ({ egress: _ignored, ...spec }) => sound.prepare(spec) }),
    ],
    [
      'promises a way out that it has not',
      'refuses a way out that it cannot guard',
      sound => ({ capabilities: { ...sound.capabilities, network: 'none' } }),
    ],
    ['shows no file', 'shows a file of the host', sound => launchWith(sound, () => ({ files: [] }))],
    [
      'shows files that can be changed',
      'shows a file of the host',
      sound =>
        launchWith(sound, ({ files: [file] = [], workspace }) =>
          file === undefined
            ? {}
            : {
                files: [],
                workspace: { ...workspace, source: dirname(file.source), target: '/run/bot-bottle' },
              },
        ),
    ],
    [
      'sees none of its images',
      'sees the image of a bottle',
      sound => withBuilder(sound, { survey: async () => [] }),
    ],
    [
      'goes on seeing an image that was removed',
      'sees the image of a bottle',
      sound => withBuilder(sound, { remove: async () => ({ removed: true, left: [] }) }),
    ],
    ['sees none of its bottles', 'sees that a bottle of it runs', () => ({ survey: async () => [] })],
    [
      'sees only what runs',
      'sees that a bottle of it runs',
      sound => ({
        survey: async () => ((await sound.survey?.()) ?? []).filter(({ state }) => state === 'running'),
      }),
    ],
    [
      'goes by a name of its own',
      'finds a bottle whose state is lost',
      sound => ({
        prepare: ({ project: _ignored, ...spec }) => sound.prepare(spec),
      }),
    ],
    [
      'takes its labels apart',
      'finds a bottle whose state is lost',
      sound => ({
        recall: async ref => {
          const known = await sound.recall?.(ref);
          return known ? { ...known, labels: { task: 'a' } } : null;
        },
      }),
    ],
    [
      'recalls what it has removed',
      'finds a bottle whose state is lost',
      sound => {
        const recalled = sound.recall;
        return { recall: async ref => (await recalled?.(ref)) ?? forgotten };
      },
    ],
    [
      'shows files anywhere',
      'refuses to show a file at /etc/passwd',
      sound => ({ prepare: ({ files: _ignored, ...spec }) => sound.prepare(spec) }),
    ],
  ])('finds out a backend that %s', async (_fault, promise, change) => {
    expect(await broken(mutant(change))).toContainEqual(expect.stringContaining(promise));
  });

  it('finds out a backend that takes an image, though it says that it runs none', async () => {
    const store = new MemoryStore();
    const makeBackend = () => {
      const { builder: _ignored, ...sound } = memoryBackend(store);
      return {
        ...sound,
        capabilities: { ...sound.capabilities, images: false },
        prepare: ({ image: _image, ...spec }: BottleSpec) => sound.prepare(spec),
      };
    };
    expect(await broken(makeBackend)).toEqual([expect.stringContaining('refuses an image')]);
  });
});
