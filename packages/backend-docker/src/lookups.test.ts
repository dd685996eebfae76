import { describeWithEngine, makeTestImage } from '@bot-bottle/test-kit';
import { backendOf, hostNamed, outputOf, shell, shows, specOf } from '../test/bottle.js';
import { EngineProxy, type Fault } from '../test/engine-proxy.js';
import { loggingClient } from '../test/logging-client.js';

const WAIT = shell('echo ready; while :; do sleep 0.05; done');
const egress = { port: 3128 };

/** An adapter that has to ask the client: a script has its name. */
function throughClient() {
  const { folder, calls } = loggingClient();
  return { backend: backendOf({ env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } }), calls };
}

describeWithEngine('a look-up', () => {
  let proxy: EngineProxy;
  beforeAll(() => makeTestImage());
  beforeEach(() => {
    proxy = new EngineProxy();
  });
  afterEach(() => proxy.close());

  const backend = () => backendOf({ env: { ...process.env, DOCKER_HOST: proxy.address } });

  it('needs no client: one starts the sidecar and one the agent, and that is all', async () => {
    const spec = specOf('lookups-aaaaa', { egress, command: shell('true') });
    try {
      const prepared = await backend().prepare(spec);
      proxy.asked.length = 0;
      await (await backend().launch(prepared, hostNamed('one'))).exited;
    } finally {
      await backend().destroy(spec);
    }
    const by = (who: string) => proxy.asked.filter(asked => asked.by === who);
    const started = by('Docker-Client').findLastIndex(({ path }) => path.endsWith('/start'));
    // Each client's first word.
    const clients = by('Docker-Client')
      .slice(0, started)
      .filter(({ path }) => path === '/_ping');
    expect(clients).toHaveLength(2);
    expect(proxy.lookUps().length).toBeGreaterThan(3);
    expect(new Set(by('bot-bottle').map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  it('tells what the client tells', async () => {
    const { backend: byClient, calls } = throughClient();
    const spec = specOf('lookups-bbbbb', { egress, command: WAIT, labels: { to: 'a "b"\tc' } });
    const told = async (of: typeof byClient) => ({
      status: await of.status(spec),
      recalled: await of.recall?.(spec),
      survey: (await of.survey?.())?.filter(({ bottle }) => bottle?.identity === spec.identity),
      probe: await of.probe(),
    });
    try {
      const { exited, terminal } = await backend().launch(await backend().prepare(spec), hostNamed('one'));
      await shows(terminal, 'ready');
      const running = await told(backend());
      expect(running).toMatchObject({ status: { state: 'running' }, survey: [{ state: 'running' }] });
      expect(running).toEqual(await told(byClient));
      await backend().stop(spec, { graceMs: 0 });
      await exited;
      const exit = await told(backend());
      expect(exit).toMatchObject({
        status: { state: 'exited', exit: { code: 137 } },
        survey: [{ state: 'exited' }],
      });
      expect(exit).toEqual(await told(byClient));
    } finally {
      await backend().destroy(spec);
    }
    const gone = await told(backend());
    expect(gone).toMatchObject({ status: { state: 'absent' }, recalled: null, survey: [] });
    expect(gone).toEqual(await told(byClient));
    expect(calls().length).toBeGreaterThan(9);
  });

  it('tells that a process was killed for the bottle’s memory, also where the agent lived on', async () => {
    const { backend: byClient } = throughClient();
    const limits = { memoryBytes: 64 * 2 ** 20 };
    const spec = specOf('lookups-ddddd', { command: shell('tail /dev/zero; exit 3'), limits });
    try {
      const { exited } = await backend().launch(await backend().prepare(spec), hostNamed('one'));
      const exit = await exited;
      expect(exit).toEqual({ code: 3, outOfMemory: true });
      const status = { state: 'exited', exit };
      expect([await backend().status(spec), await byClient.status(spec)]).toEqual([status, status]);
    } finally {
      await backend().destroy(spec);
    }
  });

  it('of all bottles is one question', async () => {
    await backend().survey?.();
    expect(proxy.asked.filter(({ path }) => path !== '/_ping')).toEqual([
      { by: 'bot-bottle', method: 'GET', path: expect.stringMatching(/^\/containers\/json\?all=1&filters=/) },
    ]);
  });

  it.each<Fault>(['cut', 'cut midway', 'nonsense', 'refused'])(
    'that is %s says nothing, and the client is asked',
    async fault => {
      proxy.fault = fault;
      const spec = specOf('lookups-ccccc', { command: shell('echo ready') });
      expect(await backend().status(spec)).toEqual({ state: 'absent' });
      expect(await outputOf(spec, hostNamed('one'), backend())).toBe('ready\r\n');
      expect(await backend().status(spec)).toEqual({ state: 'absent' });
      expect(proxy.lookUps().length).toBeGreaterThan(6);
    },
  );
});
