import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  describeWithEngine,
  killAtEachSyscall,
  makeTestImage,
  TEST_IMAGE,
  temporaryFolder,
} from '@bot-bottle/test-kit';
import { KillingClient } from './killing-client.js';
import { BUNDLE, docker, Operator } from './operator.js';

/** Obeys a terminal, a line at a time, whoever comes and goes. */
const OBEY = 'stty -echo; while :; do if read -r line; then eval "$line"; else sleep 0.1; fi; done';
const SAY = 'mkdir -p ~/.talk; echo said >~/.talk/said';
/** A call that changes nothing: whether it is made is the same. */
const QUESTION = /^docker (ps|info|wait|container inspect|image ls|image inspect) /;
/** Of a keeper's calls, at which a command waits, every n-th is enough: the keeper goes on. */
const KEEPERS_STRIDE = 8;

const lines = (text: string) => text.split('\n').filter(line => line !== '');

describeWithEngine('when a command is killed at any call of the client, the next one', () => {
  beforeAll(makeTestImage);

  describe('on a bottle that its keeper left behind', () => {
    let operator: Operator;
    let identity: string;
    const template = join(temporaryFolder(), 'bottle');
    beforeAll(async () => {
      operator = new Operator();
      identity = await operator.startAs('talker', '-c', `${SAY}; ${OBEY}`);
      while (!existsSync(join(operator.folder(identity), 'agent/home/.talk/said'))) await sleep(20);
      await operator.killKeeper(identity);
      cpSync(operator.folder(identity), template, { recursive: true });
    });
    afterAll(() => remove());

    const left = () => ({
      bottles: readdirSync(join(operator.root, 'state')),
      containers: lines(
        docker('ps', '--all', '--quiet', '--filter', `label=bot-bottle.identity=${identity}`),
      ),
    });
    const NOTHING = { bottles: [], containers: [] };
    const remove = () => {
      const { containers } = left();
      if (containers.length > 0) docker('rm', '--force', '--volumes', ...containers);
      rmSync(operator.folder(identity), { recursive: true, force: true });
    };
    /** The same bottle once more, with its agent as it left it, or one that has ended since. */
    const putBack = (agent: 'running' | 'exited') => {
      remove();
      cpSync(template, operator.folder(identity), { recursive: true });
      const labels = {
        'com.docker.compose.project': `bot-bottle-${identity}`,
        'bot-bottle.identity': identity,
        'bot-bottle.role': 'agent',
        'bot-bottle.state': `${operator.folder(identity)}/agent/backend`,
      };
      const options = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
      const made = [`--name=bot-bottle-${identity}-agent`, '--network=none', ...options, TEST_IMAGE];
      docker(...(agent === 'running' ? ['run', '--detach'] : ['create']), ...made, 'sleep', '1000');
    };
    const preserve = () => writeFileSync(join(operator.folder(identity), '.preserve'), '');

    it('finishes a stop', async () => {
      const stop = ['stop', identity, '--grace', '0'];
      const before = () => {
        putBack('running');
        preserve();
      };
      const changes = await atEachCall(operator, stop, before, async () => {
        expect(await operator.run(stop)).toMatchObject({ code: 0, stdout: `${identity}\n` });
        expect(await operator.json('show', identity)).toMatchObject({ state: 'preserved' });
        expect(left()).toEqual({ bottles: [identity], containers: [] });
        const said = join(operator.folder(identity), 'transcript/.talk/said');
        expect(readFileSync(said, 'utf8')).toBe('said\n');
      });
      // The kill is called beside a wait, so it is not always the one that is hit; after it the agent is gone in any case.
      expect(changes).toContain('rm');
    });

    it('finishes a removal', async () => {
      const remove = ['rm', '--force', identity];
      const changes = await atEachCall(
        operator,
        remove,
        () => putBack('running'),
        async () => {
          expect(await operator.run(remove)).toMatchObject({ code: 0, stderr: '' });
          expect(left()).toEqual(NOTHING);
        },
      );
      expect(changes).toEqual(['rm']);
    });

    it('finishes a prune', async () => {
      const changes = await atEachCall(
        operator,
        ['prune'],
        () => putBack('exited'),
        async () => {
          expect(await operator.run(['prune'])).toMatchObject({ code: 0, stderr: '' });
          expect(left()).toEqual(NOTHING);
        },
      );
      expect(changes).toEqual(['rm']);
    });

    it('finishes a prune of what has no record', async () => {
      const prune = ['prune', '--orphans'];
      const before = () => {
        putBack('running');
        rmSync(operator.folder(identity), { recursive: true });
      };
      const changes = await atEachCall(operator, prune, before, async () => {
        expect(await operator.run(prune)).toMatchObject({ code: 0, stderr: '' });
        expect(left()).toEqual(NOTHING);
      });
      expect(changes).toEqual(['rm']);
    });
  });

  it('adopts what has no record', async () => {
    const operator = new Operator();
    const identity = await operator.start('-c', OBEY);
    await operator.killKeeper(identity);
    const before = () => rmSync(operator.folder(identity), { recursive: true, force: true });
    await atEachCall(operator, ['adopt', identity], before, async () => {
      expect(await operator.run(['prune'])).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`kept ${identity}`),
      });
      expect(await operator.run(['adopt', identity])).toMatchObject({ code: 0, stdout: `${identity}\n` });
      expect(await operator.json('show', identity)).toMatchObject({ state: 'unattended', preserved: true });
    });
    expect(await operator.run(['rm', '--force', identity])).toMatchObject({ code: 0, stderr: '' });
  });

  it('adopts it wholly, also where the other was killed between two of its files', async () => {
    const operator = new Operator();
    const identity = await operator.start('-c', OBEY);
    await operator.killKeeper(identity);
    const seen = new Set<string>();
    await killAtEachSyscall({
      command: [process.execPath, BUNDLE, 'adopt', identity],
      options: { env: { ...operator.env, NODE_DISABLE_COMPILE_CACHE: '1' } },
      syscalls: ['rename', 'unlink'],
      setup: () => rmSync(operator.folder(identity), { recursive: true, force: true }),
      check: async () => {
        const adopted = existsSync(join(operator.folder(identity), 'metadata.json'));
        seen.add(adopted ? 'a bottle' : 'an orphan');
        if (!adopted)
          expect(await operator.run(['adopt', identity])).toMatchObject({ code: 0, stdout: `${identity}\n` });
        expect(await operator.json('show', identity)).toMatchObject({
          ...{ state: 'unattended', preserved: true, problem: null },
          command: expect.arrayContaining(['sh', '-c']),
        });
      },
    });
    expect([...seen].sort()).toEqual(['a bottle', 'an orphan']);
    expect(await operator.run(['rm', '--force', identity])).toMatchObject({ code: 0, stderr: '' });
  });

  it('has the bottle of a start, or nothing of it', async () => {
    const operator = new Operator();
    const bottles = () => {
      const state = join(operator.root, 'state');
      return existsSync(state) ? readdirSync(state) : [];
    };
    // A start then has to prove the engine, as the first one of a machine does.
    const forget = () => {
      const names = docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', 'bot-bottle-egress');
      const proven = lines(names).filter(name => name.includes('-proven-'));
      if (proven.length > 0) docker('image', 'rm', ...proven);
    };
    const start = ['start', 'shell', '--detach', '--', '-c', 'read -r x'];
    let started = 0;
    const changes = await atEachCall(operator, start, forget, async () => {
      const [identity] = bottles();
      if (identity === undefined) return;
      started += 1;
      while ((await stateOf(operator, identity)) !== 'running') await sleep(20);
      expect(await operator.run(['attach', identity], 'end\n')).toMatchObject({ code: 0 });
      expect(bottles()).toEqual([]);
    });
    expect(changes).toEqual(['run', 'tag']);
    expect(started).toBeGreaterThan(0);
    for (const identity of bottles())
      expect(await operator.run(['stop', identity, '--grace', '0'])).toMatchObject({ code: 0 });
  });

  it('goes on with a rebuild', async () => {
    const operator = new Operator();
    const dockerfile = join(operator.root, 'images/Dockerfile');
    mkdirSync(join(operator.root, 'images'));
    writeFileSync(dockerfile, `FROM ${TEST_IMAGE}\n`);
    operator.configure({ shell: { command: ['sh'], dockerfile } });
    const identity = await operator.start('-c', `echo work >made; ${OBEY}`);
    const override = join(operator.folder(identity), 'Dockerfile');
    const rebuild = ['rebuild', identity, '--yes', '--detach'];
    let version = 0;
    cpSync(dockerfile, override);
    const before = () => appendFileSync(override, `ENV VERSION=${++version}\n`);
    const changes = await atEachCall(operator, rebuild, before, async () => {
      while (['starting', 'ending'].includes(await stateOf(operator, identity))) await sleep(20);
      expect(await operator.run(rebuild)).toMatchObject({ code: 0 });
      if ((await stateOf(operator, identity)) !== 'running')
        expect(await operator.run(['resume', identity, '--detach'])).toMatchObject({ code: 0 });
      expect(docker('exec', `bot-bottle-${identity}-agent`, 'sh', '-c', 'echo "$VERSION"')).toBe(
        `${version}`,
      );
    });
    expect(changes).toEqual(['build', 'image', 'tag']);
    expect(readFileSync(join(operator.folder(identity), 'workspace/made'), 'utf8')).toMatch(/^(work\n)+$/);
    expect(await operator.run(['rm', '--force', identity])).toMatchObject({ code: 0, stderr: '' });
  });
});

async function stateOf(operator: Operator, identity: string): Promise<string> {
  return (await operator.json<{ state: string }>('show', identity)).state;
}

/** Kills a command at each of its calls, and at some of its keeper's, until one gets through. Returns the changes of its own that were hit. */
async function atEachCall(
  operator: Operator,
  args: readonly string[],
  before: () => void,
  next: () => Promise<void>,
): Promise<readonly string[]> {
  const changes = new Set<string>();
  let killed = 0;
  for (let nth = 1, stride = 1; ; nth += stride) {
    let words = '';
    for (const made of [true, false]) {
      if (!made && (stride > 1 || QUESTION.test(words))) continue;
      before();
      const client = new KillingClient(nth, made);
      const { code, stderr } = await operator.run(args, '', client.env);
      if (client.struck === null) {
        expect({ code, stderr }).toMatchObject({ code: 0 });
        expect(killed).toBeGreaterThan(1);
        return [...changes];
      }
      killed += 1;
      words = client.struck;
      if (client.waiting) stride = KEEPERS_STRIDE;
      else if (!QUESTION.test(words)) changes.add(words.split(' ')[1] ?? '');
      try {
        expect(code).toBeNull();
        await next();
      } catch (cause) {
        throw new Error(`killed at call ${nth}, which was ${made ? '' : 'not '}made: ${words}`, { cause });
      }
    }
  }
}
