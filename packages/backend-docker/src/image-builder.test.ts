import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ImageBuild } from '@bot-bottle/backend';
import { describeWithEngine, makeTestImage, TEST_IMAGE, temporaryFolder } from '@bot-bottle/test-kit';
import { ptyHost } from '@bot-bottle/test-kit/pty';
import { backendOf, outputOf, shell, specOf } from '../test/bottle.js';
import { Engine } from './engine.js';
import { imageBuilder } from './image-builder.js';

const docker = (...args: string[]) =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
const idOf = (image: string) => docker('image', 'inspect', '--format', '{{.Id}}', image);
const builder = (env: NodeJS.ProcessEnv = process.env) => imageBuilder(new Engine(env), TEST_IMAGE);

/** By Debian's client: without buildx a newer one has no BuildKit; the engine's own, of Docker 20.10, needs none. */
const buildKit = () =>
  builder({ ...process.env, PATH: `/usr/bin:${process.env['PATH']}`, DOCKER_BUILDKIT: '1' });

/** A build for a bottle, with a Dockerfile of the test's; what it says is gathered. */
function benchOf(identity: string, steps: string) {
  const spec = specOf(identity);
  const folder = temporaryFolder();
  const context = join(folder, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'tool'), '#!/bin/sh\necho the tool works\n', { mode: 0o755 });
  const dockerfile = join(folder, 'Dockerfile');
  const write = (text: string) => writeFileSync(dockerfile, `FROM ${TEST_IMAGE}\n${text}\n`);
  write(steps);
  const said: string[] = [];
  const name = `bot-bottle-rebuilt-${identity}:latest`;
  const build = (changes: Partial<ImageBuild> = {}, by = builder(), signal?: AbortSignal) =>
    by.build(
      { name, dockerfile, context, bottle: spec, ...changes },
      { progress: line => said.push(line), ...(signal ? { signal } : {}) },
    );
  const remove = () => builder().remove(spec, name);
  return { spec, name, build, remove, write, said, context };
}

describeWithEngine('an image that is built', () => {
  beforeAll(makeTestImage);

  it('bears the labels of its bottle, and none that its containers would be taken for', async () => {
    const { spec, name, build, remove } = benchOf('labels-aaaaa', 'COPY tool /bin/tool');
    await build();
    const labels: Record<string, string> = JSON.parse(
      docker('image', 'inspect', '--format', '{{json .Config.Labels}}', name),
    );
    // Podman adds some of its own.
    const ours = Object.entries(labels).filter(([label]) => label.startsWith('bot-bottle'));
    expect(Object.fromEntries(ours)).toEqual({
      'bot-bottle.image.identity': 'labels-aaaaa',
      'bot-bottle.image.role': 'override',
      'bot-bottle.image.contract': '1.0',
      'bot-bottle.image.state': spec.stateFolder,
      'bot-bottle.image.contents': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const stranger = docker('create', '--network', 'none', name, 'true');
    try {
      await backendOf().destroy(spec);
      expect(docker('inspect', '--format', '{{.Id}}', stranger)).toBe(stranger);
      const { left } = await remove();
      expect(left).toEqual([
        { path: name, reason: expect.stringContaining('is using its referenced image') },
      ]);
    } finally {
      docker('rm', stranger);
    }
    expect(await remove()).toEqual({ removed: true, left: [] });
  });

  it('asks the engine once where nothing changed', async () => {
    const { build, remove } = benchOf('once-aaaaa', 'COPY tool /bin/tool');
    await build();
    const folder = temporaryFolder();
    const log = join(folder, 'log');
    const wrapper = `#!/bin/sh\necho "$*" >>'${log}'\nPATH=\${PATH#*:} exec docker "$@"\n`;
    writeFileSync(join(folder, 'docker'), wrapper, { mode: 0o755 });
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    expect((await build({}, builder(env))).built).toBe(false);
    expect(execFileSync('cat', [log], { encoding: 'utf8' })).toMatch(/^image inspect [^\n]*\n$/);
    await remove();
  });

  it('says what it does as it does it, and what it said last where it fails', async () => {
    const lines = Array.from({ length: 30 }, (_, at) => `echo line ${at};`).join(' ');
    const bench = benchOf('failed-aaaaa', 'RUN echo of the first');
    await bench.build();
    const before = idOf(bench.name);
    bench.write(`RUN ${lines} echo "a $(printf '\\033[31mred\\033[0m') word"; exit 3`);
    const error = await bench.build().catch((error: Error) => error);
    expect(error).toMatchObject({ name: 'BackendError', code: 'build-failed' });
    const { message } = error as Error;
    expect(message.split('\n')).toHaveLength(21);
    expect(message).toMatch(/^the image was not built:\n/);
    expect(message).toContain('line 29\na red word\n');
    expect(message).not.toContain('line 3\n');
    expect(message).toMatch(/(non-zero code:|exit status) 3$/);
    expect(bench.said).toEqual(expect.arrayContaining(['of the first', 'line 0', 'a red word']));
    expect(idOf(bench.name)).toBe(before);
    const left = docker(
      'ps',
      '--all',
      '--quiet',
      '--filter',
      `ancestor=${TEST_IMAGE}`,
      '--filter',
      'status=exited',
    );
    expect(left).toBe('');
    await bench.remove();
  });

  it('takes the place of the one before, which goes when nothing runs it any more', async () => {
    const bench = benchOf('before-aaaaa', 'RUN echo first >/first');
    const backend = backendOf();
    const images = () =>
      docker(
        'image',
        'ls',
        '--quiet',
        '--no-trunc',
        '--filter',
        'label=bot-bottle.image.identity=before-aaaaa',
      );
    await bench.build();
    const first = idOf(bench.name);
    const command = shell('echo ready; while :; do sleep 0.05; done');
    const { image } = await bench.build();
    await backend.launch(await backend.prepare({ ...bench.spec, command, image }), ptyHost());
    try {
      bench.write('RUN echo second >/second');
      await bench.build();
      const second = idOf(bench.name);
      expect(images().split('\n').sort()).toEqual([first, second].sort());
    } finally {
      await backend.destroy(bench.spec);
    }
    expect(await bench.remove()).toEqual({ removed: true, left: [] });
    expect(images()).toBe('');
    await bench.build();
    bench.write('RUN echo third >/third');
    await bench.build();
    expect(images()).toBe(idOf(bench.name));
    await bench.remove();
  });

  it("leaves an operator's own image that was made of it", async () => {
    const bench = benchOf('derived-aaaaa', 'COPY tool /bin/tool');
    await bench.build();
    execFileSync('docker', ['build', '--tag', 'derived-aaaaa:1', '-'], {
      input: `FROM ${bench.name}\nENV A=b\n`,
      stdio: 'pipe',
    });
    const own = idOf('derived-aaaaa:1');
    expect(await bench.remove()).toEqual({ removed: true, left: [] });
    expect(idOf('derived-aaaaa:1')).toBe(own);
    docker('image', 'rm', 'derived-aaaaa:1');
  });

  it('is built of a Dockerfile alone where there is no context', async () => {
    const bench = benchOf('alone-aaaaa', 'RUN echo made here >/made');
    const { image } = await bench.build({ context: null });
    expect(await outputOf({ ...bench.spec, command: ['cat', '/made'], image })).toContain('made here');
    bench.write('COPY tool /bin/tool');
    await expect(bench.build({ context: null })).rejects.toMatchObject({ code: 'build-failed' });
    await bench.remove();
  });

  it('is built by BuildKit where that is the builder in use', async () => {
    const bench = benchOf('buildkit-aaaaa', 'COPY tool /bin/tool');
    const by = buildKit();
    expect((await bench.build({}, by)).built).toBe(true);
    expect(bench.said).toEqual(expect.arrayContaining([expect.stringMatching(/^#\d+ \[2\/2\] COPY tool/)]));
    expect((await bench.build({}, by)).built).toBe(false);
    bench.write('COPY absent /bin/tool');
    const failed = { code: 'build-failed', message: expect.stringMatching(/absent.*not found/) };
    await expect(bench.build({}, by)).rejects.toMatchObject(failed);
    await bench.remove();
  });

  it.each([
    [
      'its Dockerfile',
      (folder: string) => writeFileSync(join(folder, 'Dockerfile.dockerignore'), 'secret\n'),
      {},
    ],
    [
      'the Dockerfile that its own stands for',
      (folder: string) => writeFileSync(join(folder, 'original.dockerignore'), 'secret\n'),
      { ignore: 'original.dockerignore' },
    ],
  ])(
    'leaves out what BuildKit is told to beside %s',
    async (_whose, tell, { ignore }: { ignore?: string }) => {
      const bench = benchOf('ignores-aaaaa', 'COPY . /all');
      const by = buildKit();
      const folder = dirname(bench.context);
      const changes = ignore === undefined ? {} : { ignore: join(folder, ignore) };
      const shown = async () => {
        const { image, built } = await bench.build(changes, by);
        return [built, await outputOf({ ...bench.spec, command: ['ls', '/all'], image })];
      };
      writeFileSync(join(bench.context, 'secret'), '');
      expect(await shown()).toEqual([true, 'secret\ttool\r\n'.replace('\t', '  ')]);
      tell(folder);
      expect(await shown()).toEqual([true, 'tool\r\n']);
      expect((await bench.build(changes, by)).built).toBe(false);
      await bench.remove();
    },
  );

  it('is not there where the build was stopped', async () => {
    const bench = benchOf('stopped-aaaaa', 'RUN echo begun; sleep 600');
    const stop = new AbortController();
    const building = bench.build({}, builder(), stop.signal);
    while (!bench.said.includes('begun')) await new Promise(resolve => setTimeout(resolve, 20));
    stop.abort();
    await expect(building).rejects.toMatchObject({ code: 'build-failed', message: 'the build was stopped' });
    expect(await bench.remove()).toEqual({ removed: false, left: [] });
    // The engine hears of it a little later.
    const running = () => docker('ps', '--quiet', '--filter', `ancestor=${TEST_IMAGE}`);
    while (running() !== '') await new Promise(resolve => setTimeout(resolve, 50));
  });
});
