import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTRACT_VERSION } from '@bot-bottle/backend';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { BUILT_IN_AGENTS } from '../agents/builtin.js';
import { chooseBackend, wishedBackend } from './choose.js';
import { loadBackend } from './load.js';
import { createRegistry, type Registry } from './registry.js';

const [demo] = BUILT_IN_AGENTS;
if (demo === undefined) throw new Error('there is no built-in agent');

const { major, minor } = CONTRACT_VERSION;

/** A third party's adapter, as a module's text. */
function adapter(
  name: string,
  probe: object,
  contract: object = CONTRACT_VERSION,
  network = 'egress',
): string {
  return `exports.createBackend = () => ({
    name: ${JSON.stringify(name)}, contract: ${JSON.stringify(contract)},
    capabilities: { network: ${JSON.stringify(network)} },
    probe: async () => (${JSON.stringify(probe)}),
  });`;
}

const AVAILABLE = { available: true, version: '1', limits: {}, notes: [] };
const MISSING = { available: false, reason: 'no engine', remedy: 'apt-get install engine' };

/** A root with files in it, and the backends that its configuration would name. */
function registryOf(
  files: Record<string, string>,
  backends: Record<string, string> = {},
): Registry & { root: string } {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, ...createRegistry({ root }, { backends: new Map(Object.entries(backends)) }) };
}

async function refusal(
  work: () => unknown,
): Promise<{ code: string; message: string; remedies: readonly string[] }> {
  return Promise.resolve()
    .then(work)
    .then(
      () => Promise.reject(new Error('expected a refusal')),
      error => error,
    );
}

describe('the registry', () => {
  it('has the local backend, built in', () => {
    const { names, find } = registryOf({});
    expect(names[0]).toBe('local');
    expect(find('local')).toEqual({ name: 'local' });
  });

  it("finds a third party's adapter by a path from the root folder", () => {
    const { names, find, root } = registryOf({ 'mine/adapter.cjs': '' }, { mine: './mine/adapter.cjs' });
    // Installed here too, since jest maps our packages' names to their sources.
    expect(names).toEqual(['local', 'docker', 'mine']);
    expect(find('mine')).toEqual({ name: 'mine', module: join(root, 'mine/adapter.cjs') });
  });

  it('names the package of a backend that is not installed, and how to install it', async () => {
    const { require, find, root } = registryOf({});
    expect(find('smolmachines')).toBeUndefined();
    expect(await refusal(() => require('smolmachines'))).toMatchObject({
      code: 'backend-not-installed',
      message:
        'backend "smolmachines" is not installed; expected the package @bot-bottle/backend-smolmachines',
      remedies: [`npm install --prefix ${root} @bot-bottle/backend-smolmachines`],
    });
  });

  it('says which backends there are for a name that nobody knows', async () => {
    const { code, message } = await refusal(() => registryOf({}).require('qemu'));
    expect([code, message]).toEqual(['unknown-backend', 'no backend "qemu"; expected one of local, docker']);
  });
});

describe('loading an adapter', () => {
  const load = (text: string, name = 'mine', file = 'a.cjs') =>
    loadBackend(registryOf({ [file]: text }, { [name]: `./${file}` }).require(name));

  it('takes one of the contract of this version', async () => {
    expect((await load(adapter('mine', AVAILABLE))).name).toBe('mine');
  });

  it('refuses another contract and says both versions', async () => {
    const { code, message } = await refusal(() =>
      load(adapter('mine', AVAILABLE, { major: major + 1, minor: 0 })),
    );
    expect(code).toBe('contract-mismatch');
    expect(message).toContain(`${major + 1}.0`);
    expect(message).toContain(`${major}.${minor}`);
  });

  it('refuses a module without createBackend, one that throws, and one of another name', async () => {
    expect((await refusal(() => load('exports.other = 1'))).message).toMatch(
      /a\.cjs exports no function createBackend/,
    );
    expect((await refusal(() => load('throw new Error("broken inside")'))).message).toContain(
      'broken inside',
    );
    expect((await refusal(() => load(adapter('else', AVAILABLE)))).message).toContain(
      'made "else"; expected a backend of the name "mine"',
    );
  });
});

describe('choosing a backend', () => {
  const wishes = { flag: undefined, agent: demo, env: {}, settings: { backend: undefined } };

  it('asks the flag, then the agent, then the environment, then the configuration', () => {
    const env = { BOT_BOTTLE_BACKEND: 'from-env' };
    const settings = { backend: 'from-config' };
    const agent = { ...demo, backend: 'from-agent' };
    expect(wishedBackend({ flag: 'from-flag', agent, env, settings })).toBe('from-flag');
    expect(wishedBackend({ ...wishes, agent, env, settings })).toBe('from-agent');
    expect(wishedBackend({ ...wishes, env, settings })).toBe('from-env');
    expect(wishedBackend({ ...wishes, env: { BOT_BOTTLE_BACKEND: '' }, settings })).toBe('from-config');
    expect(wishedBackend(wishes)).toBeUndefined();
  });

  const files = { 'no.cjs': adapter('no', MISSING), 'yes.cjs': adapter('yes', AVAILABLE) };
  const backends = { no: './no.cjs', yes: './yes.cjs' };

  it('takes the first that proves available where nobody chose', async () => {
    const registry = registryOf(files, backends);
    expect(await chooseBackend({ ...registry, names: ['no', 'yes'] }, wishes)).toMatchObject({ name: 'yes' });
  });

  it('takes no other than the one asked for, and hands on its remedy', async () => {
    const failure = await refusal(() =>
      chooseBackend(registryOf(files, backends), { ...wishes, flag: 'no' }),
    );
    expect(failure).toMatchObject({
      code: 'no-backend',
      message: 'backend "no" cannot run bottles here: no engine',
      remedies: ['apt-get install engine'],
    });
  });

  it('takes none that leaves its bottles the network, whoever asks for it', async () => {
    const open = adapter('open', AVAILABLE, CONTRACT_VERSION, 'open');
    const registry = registryOf({ 'open.cjs': open }, { open: './open.cjs' });
    const failure = await refusal(() => chooseBackend(registry, { ...wishes, flag: 'open' }));
    expect(failure).toMatchObject({
      code: 'no-backend',
      message: 'backend "open" cannot run bottles here: it does not keep its bottles from the network',
    });
  });

  it('never falls back on running without a sandbox', async () => {
    const registry = registryOf({ 'no.cjs': adapter('no', MISSING) }, { no: './no.cjs' });
    const failure = await refusal(() => chooseBackend({ ...registry, names: ['no'] }, wishes));
    expect(failure.message).toBe('no backend can run bottles here: no engine');
  });
});
