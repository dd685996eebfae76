import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Backend } from '../backend.js';
import { checkContract } from '../contract.js';
import { type TestBottle, watch, withBottle } from './bottles.js';
import { describeEgress, describeFiles, describeNoEgress } from './egress.js';
import { describeImages } from './images.js';
import { type Programs, shellPrograms } from './programs.js';
import { type ConformanceOptions, refuses, type TestRunner } from './runner.js';
import { describeSurvey } from './survey.js';

/**
 * Proves an adapter: registers one test for each promise of the contract, and for each capability that it claims.
 * `makeBackend` gives a new adapter object each time; the ones it gives share what they keep, as two processes would.
 */
export function describeBackend(name: string, makeBackend: () => Backend, options: ConformanceOptions): void {
  const { describe, it } = options.runner ?? (globalThis as unknown as TestRunner);
  const programs = options.programs ?? shellPrograms;
  const { capabilities, builder, survey } = makeBackend();
  const promise = (text: string, body: (bottle: TestBottle, backend: Backend) => Promise<void>) =>
    it(text, () => {
      const backend = makeBackend();
      return withBottle(backend, options.host(), bottle => body(bottle, backend));
    });

  describe(`${name} keeps the backend contract`, () => {
    describeStart(promise, options);
    describeSession(promise, programs);
    describeEnd(promise, programs, makeBackend, options);
    if (capabilities.resize) {
      promise('tells the program of a new size', async bottle => {
        const session = await bottle.start(programs.sizes());
        await session.shows('ready');
        session.terminal.resize({ columns: 123, rows: 45 });
        await session.shows('45 123');
      });
    }
    if (!capabilities.images) {
      promise('refuses an image that it would not run', async (bottle, backend) => {
        await refuses('bad-spec', () => backend.prepare(bottle.with({ image: 'example.com/image:latest' })));
      });
    }
    if (builder !== undefined) describeImages(it, makeBackend, options, programs);
    if (!capabilities.attach) {
      promise('refuses to attach to what runs under its own keeper', async (bottle, backend) => {
        await (await bottle.start(programs.wait())).shows('ready');
        await refuses('unsupported', () => backend.attach(bottle.spec, options.host()));
      });
    }
    if (survey !== undefined) describeSurvey(promise, programs, makeBackend);
    if (capabilities.attach) describeAttach(promise, programs, makeBackend, options);
    if (capabilities.isolation !== 'none') describeIsolation(it, makeBackend, options, programs);
    if (capabilities.network !== 'open') describeNetwork(promise, programs);
    if (capabilities.network === 'egress') describeEgress(it, makeBackend, options, programs);
    else describeNoEgress(it, makeBackend, options);
    describeFiles(it, makeBackend, options, programs);
  });
}

type Promised = (text: string, body: (bottle: TestBottle, backend: Backend) => Promise<void>) => unknown;

function describeStart(promise: Promised, options: ConformanceOptions): void {
  promise('speaks a contract that this version accepts', async (_bottle, backend) => {
    checkContract(backend);
    assert.match(backend.name, /^[a-z][a-z0-9-]*$/);
    assert.ok(backend.builder === undefined || backend.capabilities.images, 'builds images and runs none');
  });

  promise('proves itself available here', async (_bottle, backend) => {
    const probe = await backend.probe();
    assert.ok(probe.available, probe.available ? '' : `${probe.reason}; ${probe.remedy}`);
    const names = ['cpus', 'memoryBytes', 'openFiles', 'processes', 'tmpBytes'];
    assert.deepEqual(Object.keys(probe.limits).sort(), names);
  });

  promise('prepares as often as asked and starts nothing', async (bottle, backend) => {
    assert.deepEqual(await backend.status(bottle.spec), { state: 'absent' });
    for (let time = 0; time < 2; time++) {
      await backend.prepare(bottle.spec);
      assert.deepEqual(await backend.status(bottle.spec), { state: 'prepared' });
    }
  });

  promise('refuses a command that is empty', async (bottle, backend) => {
    await refuses('bad-spec', () => backend.prepare(bottle.with({ command: [] })));
    assert.deepEqual(await backend.status(bottle.spec), { state: 'absent' });
  });

  promise('refuses a workspace that is not there', async (bottle, backend) => {
    const workspace = { ...bottle.spec.workspace, source: join(bottle.spec.workspace.source, 'absent') };
    await refuses('bad-spec', () => backend.prepare(bottle.with({ workspace })));
  });

  promise('refuses to launch what was not prepared, or was destroyed since', async (bottle, backend) => {
    await refuses('not-prepared', () => backend.launch({ spec: bottle.spec }, options.host()));
    const prepared = await backend.prepare(bottle.spec);
    await backend.destroy(bottle.spec);
    await refuses('not-prepared', () => backend.launch(prepared, options.host()));
  });

  promise('refuses to attach to what does not run', async (bottle, backend) => {
    await refuses('not-running', () => backend.attach(bottle.spec, options.host()));
    await backend.prepare(bottle.spec);
    await refuses('not-running', () => backend.attach(bottle.spec, options.host()));
  });
}

function describeSession(promise: Promised, programs: Programs): void {
  promise('shows what the program prints, from the first byte', async bottle => {
    const { output } = await bottle.run(programs.print('first words, also ünïcode'));
    assert.match(output, /^first words, also ünïcode\r?\n$/);
  });

  promise('passes what is typed', async bottle => {
    const session = await bottle.start(programs.echo());
    await session.shows('ready');
    session.terminal.write('hello\n');
    await session.shows('got hello');
  });

  for (const code of [0, 7, 255]) {
    promise(`passes exit code ${code}`, async bottle => {
      assert.deepEqual((await bottle.run(programs.exit(code))).exit, { code });
    });
  }

  for (const [signal, number] of [['TERM', 15] as const, ['KILL', 9] as const]) {
    promise(`reports a death by SIG${signal} as ${128 + number}`, async bottle => {
      assert.deepEqual((await bottle.run(programs.die(signal))).exit, { code: 128 + number });
    });
  }

  promise(
    'gives the environment that was asked for, its documented names, and nothing else',
    async (bottle, backend) => {
      const env = { CONFORM_PLAIN: 'a b', CONFORM_EMPTY: '', CONFORM_ODD: '$HOME "quoted" \'x\' ü' };
      process.env['CONFORM_SECRET'] = 'of the operator';
      try {
        const { output } = await bottle.run(programs.environment(), { env });
        const lines = output.trim().split(/\r?\n/);
        const seen = Object.fromEntries(
          lines.map(line => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]),
        );
        const given = Object.fromEntries(Object.entries(seen).filter(([name]) => name in env));
        assert.deepEqual(given, env);
        const known = [...Object.keys(env), ...backend.capabilities.environment];
        assert.deepEqual(
          Object.keys(seen).filter(name => !known.includes(name)),
          [],
        );
        assert.equal(seen['HOME'], bottle.spec.home.target);
      } finally {
        delete process.env['CONFORM_SECRET'];
      }
    },
  );

  promise('lets the specification decide a documented name', async bottle => {
    const { output } = await bottle.run(programs.environment(), { env: { TERM: 'vt100' } });
    assert.match(output, /^TERM=vt100\r?$/m);
  });

  promise('has the identity for its host name', async bottle => {
    assert.equal((await bottle.run(programs.hostname())).output.trim(), bottle.spec.identity);
  });

  promise('writes its workspace for the operator to see', async bottle => {
    const { workspace } = bottle.spec;
    writeFileSync(join(workspace.source, 'from-outside'), 'hello');
    assert.equal(
      (await bottle.run(programs.read(`${workspace.target}/from-outside`))).output.trim(),
      'hello',
    );
    await bottle.run(programs.write(`${workspace.target}/from-inside`, 'kept'));
    assert.equal(readFileSync(join(workspace.source, 'from-inside'), 'utf8'), 'kept');
  });

  promise('keeps HOME from one launch to the next', async bottle => {
    const file = `${bottle.spec.home.target}/remembered`;
    assert.deepEqual((await bottle.run(programs.write(file, 'yesterday'))).exit, { code: 0 });
    assert.equal((await bottle.run(programs.read(file))).output.trim(), 'yesterday');
  });
}

function describeEnd(
  promise: Promised,
  programs: Programs,
  makeBackend: () => Backend,
  { host }: ConformanceOptions,
): void {
  promise('refuses a second launch while the first runs, also through another object', async bottle => {
    const session = await bottle.start(programs.wait());
    await session.shows('ready');
    const other = makeBackend();
    assert.deepEqual(await other.status(bottle.spec), { state: 'running' });
    await refuses('already-running', () => bottle.start(programs.exit(0)));
  });

  promise('lets one of two launches at once win', async (bottle, backend) => {
    const prepared = await backend.prepare(bottle.with({ command: programs.wait() }));
    const launches = [backend, makeBackend()].map(each => each.launch(prepared, host()));
    const [one, two] = await Promise.allSettled(launches);
    assert.deepEqual([one?.status, two?.status].sort(), ['fulfilled', 'rejected']);
    await refuses('already-running', () => Promise.all(launches));
  });

  promise('lets the program end by itself when it is stopped', async (bottle, backend) => {
    const session = await bottle.start(programs.wait());
    await session.shows('ready');
    await backend.stop(bottle.spec, { graceMs: 30_000 });
    assert.deepEqual(await session.exited, { code: 5 });
    assert.deepEqual(await backend.status(bottle.spec), { state: 'exited', exit: { code: 5 } });
  });

  promise('kills a program that does not end, and may be asked again', async (bottle, backend) => {
    const session = await bottle.start(programs.stubborn());
    await session.shows('ready');
    await backend.stop(bottle.spec, { graceMs: 100 });
    assert.deepEqual(await session.exited, { code: 137 });
    await backend.stop(bottle.spec, { graceMs: 100 });
    assert.equal((await backend.status(bottle.spec)).state, 'exited');
  });

  promise('stops what was never launched, or never prepared, by doing nothing', async (bottle, backend) => {
    await backend.stop(bottle.spec, { graceMs: 0 });
    await backend.prepare(bottle.spec);
    await backend.stop(bottle.spec, { graceMs: 0 });
    assert.deepEqual(await backend.status(bottle.spec), { state: 'prepared' });
  });

  promise('launches again after each end', async (bottle, backend) => {
    for (const code of [3, 4]) {
      assert.deepEqual((await bottle.run(programs.exit(code))).exit, { code });
      assert.deepEqual(await backend.status(bottle.spec), { state: 'exited', exit: { code } });
    }
  });

  promise('destroys a running bottle, and finds nothing the second time', async (bottle, backend) => {
    const session = await bottle.start(programs.stubborn());
    await session.shows('ready');
    assert.deepEqual(await backend.destroy(bottle.spec), { removed: true, left: [] });
    await session.exited;
    assert.deepEqual(await backend.status(bottle.spec), { state: 'absent' });
    assert.deepEqual(await backend.destroy(bottle.spec), { removed: false, left: [] });
  });

  promise('destroys nothing but its own', async (bottle, backend) => {
    const { workspace, home, stateFolder } = bottle.spec;
    for (const { source } of [workspace, home]) writeFileSync(join(source, 'precious'), 'kept');
    await bottle.run(programs.exit(0));
    await withBottle(makeBackend(), host(), async other => {
      await (await other.start(programs.wait())).shows('ready');
      await backend.destroy(bottle.spec);
      assert.deepEqual(await makeBackend().status(other.spec), { state: 'running' });
    });
    for (const { source } of [workspace, home]) {
      assert.equal(readFileSync(join(source, 'precious'), 'utf8'), 'kept');
    }
    // Spread, since jest gives node's own arrays another prototype.
    assert.deepEqual([...readdirSync(dirname(stateFolder))].sort(), ['home', 'workspace']);
  });
}

function describeAttach(
  promise: Promised,
  programs: Programs,
  makeBackend: () => Backend,
  { host }: ConformanceOptions,
): void {
  promise('runs on without the terminal that launched it, and is taken over', async bottle => {
    const session = await bottle.start(programs.echo());
    await session.shows('ready');
    // What is left of a keeper that was killed.
    session.terminal.kill('SIGKILL');
    await new Promise<void>(resolve => session.terminal.onExit(() => resolve()));
    const other = makeBackend();
    assert.deepEqual(await other.status(bottle.spec), { state: 'running' });
    const taken = watch(await other.attach(bottle.spec, host()));
    taken.terminal.write('hello again\n');
    await taken.shows('got hello again');
    await other.stop(bottle.spec, { graceMs: 0 });
    assert.deepEqual(await taken.exited, { code: 137 });
    assert.deepEqual(await session.exited, { code: 137 });
  });
}

function describeIsolation(
  it: TestRunner['it'],
  makeBackend: () => Backend,
  { host }: ConformanceOptions,
  programs: Programs,
): void {
  it('hides one bottle from another', () =>
    withBottle(makeBackend(), host(), async one => {
      writeFileSync(join(one.spec.home.source, 'secret'), 'of the first');
      const wait = [...programs.wait(), 'marker-of-the-first'];
      await (await one.start(wait)).shows('ready');
      await withBottle(makeBackend(), host(), async two => {
        const { output, exit } = await two.run(programs.processes());
        assert.deepEqual(exit, { code: 0 });
        assert.ok(!output.includes('marker-of-the-first'), output);
        for (const path of [one.spec.home.source, one.spec.workspace.source, one.spec.stateFolder]) {
          assert.notEqual((await two.run(programs.read(join(path, 'secret')))).exit.code, 0);
        }
        assert.notEqual((await two.run(programs.read(`${two.spec.home.target}/secret`))).exit.code, 0);
      });
      assert.deepEqual(await makeBackend().status(one.spec), { state: 'running' });
    }));
}

function describeNetwork(promise: Promised, programs: Programs): void {
  promise('does not reach a listener on the host', async bottle => {
    const server = createServer(socket => socket.end());
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
      assert.notEqual((await bottle.run(programs.connect(address.port))).exit.code, 0);
      assert.equal(connections, 0);
    } finally {
      await new Promise(resolve => server.close(resolve));
    }
  });
}
