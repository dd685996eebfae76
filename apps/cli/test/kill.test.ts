import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPreserved } from '@bot-bottle/preserve';
import { describeWith, temporaryFolder } from '@bot-bottle/test-kit';
import type { KeeperRequest } from '../src/keeper/request.js';
import { readLaunch } from '../src/session/launch-file.js';
import { describeBottle } from '../src/session/state.js';
import { Operator, until } from './support/cli.js';
import { type KeeperRun, keeperUnderStrace, runs, worker } from './support/keeper.js';

/** At each step under CI; elsewhere at every third, so that the suite stays short. BOT_BOTTLE_TEST_STRIDE says otherwise. */
const STRIDE = Number(process.env['BOT_BOTTLE_TEST_STRIDE'] ?? (process.env['CI'] ? 1 : 3));
const LANES = 3;
/** Of the three scenarios, each has at least this many with the default stride. */
const LEAST_POINTS = 30;

interface Scenario {
  /** Marked as preserved while the agent runs. */
  readonly mark: boolean;
  /** Lanes run at the same time. */
  readonly operator: (lane: number) => Operator;
  readonly request: (operator: Operator) => KeeperRequest;
  /** What must hold after the keeper was killed; `token` is that of the agent. */
  readonly check: (operator: Operator, run: KeeperRun) => Promise<void>;
}

describeWith(['bwrap', 'strace'], 'a keeper that is killed', () => {
  it('while it starts, ends or cleans up leaves nothing that the next command does not put right', async () => {
    const points = await killEverywhere({
      mark: false,
      operator: newOperator,
      request: start,
      check: async operator => {
        const [bottle, ...others] = operator.bottles();
        expect(others).toEqual([]);
        if (bottle !== undefined) {
          expect(['dead', 'unfinished', 'stopped']).toContain(describeBottle(bottle).state);
          const resumed = await operator.run(['resume', bottle.identity], { input: '\n' });
          const complete = readLaunch(bottle) !== null || resumed.code === 0;
          expect(resumed).toMatchObject({ code: complete ? 0 : 125 });
        }
        await succeeds(operator, ['prune']);
        expect(stateOf(operator)).toEqual([]);
      },
    });
    expect(points).toBeGreaterThanOrEqual(LEAST_POINTS);
  }, 600_000);

  it('while it ends a preserved session loses nothing of it', async () => {
    const points = await killEverywhere({
      mark: true,
      operator: newOperator,
      request: start,
      check: async (operator, { marked }) => {
        if (marked) {
          await expectKept(operator);
        }
        await succeeds(operator, ['prune']);
        expect(stateOf(operator)).toEqual([]);
      },
    });
    expect(points).toBeGreaterThanOrEqual(LEAST_POINTS);
  }, 600_000);

  it('while it resumes leaves the bottle as it was, or running to its end', async () => {
    // One bottle a lane: an identity is one machine's, and what runs at the same time must not share it.
    const templates = Array.from({ length: LANES }, newOperator);
    for (const template of templates) {
      expect(await keeperUnderStrace(template, start(template), { mark: true })).toMatchObject({
        marked: true,
      });
    }
    const points = await killEverywhere({
      mark: false,
      operator: lane => {
        const operator = newOperator();
        cpSync(templates[lane]?.root ?? raise('no template'), operator.root, { recursive: true });
        return operator;
      },
      request: operator => ({
        kind: 'resume',
        ...common(operator),
        identity: operator.bottles()[0]?.identity ?? raise('no bottle'),
        backend: { name: 'local' },
        allowMissingWorkspace: false,
        limits: null,
        older: null,
      }),
      check: async operator => {
        const [bottle] = operator.bottles();
        const phase = bottle && describeBottle(bottle).session?.phase;
        if (phase === 'starting' || phase === 'ended') {
          // Its agent did not run, so it is still preserved; a keeper that cleared the marker first would lose it here.
          await expectKept(operator);
        } else {
          if (bottle !== undefined) {
            expect(readFileSync(join(bottle.workspace, 'made'), 'utf8')).toBe('work\n');
            expect(describeBottle(bottle).state).toBe('dead');
          }
          const kept = bottle !== undefined && isPreserved(bottle);
          await (kept ? expectKept(operator) : succeeds(operator, ['prune']));
        }
        expect(stateOf(operator)).toEqual([]);
      },
    });
    expect(points).toBeGreaterThanOrEqual(LEAST_POINTS);
  }, 600_000);
});

/** The bottle survives a sweep whole, and can be resumed to its end. */
async function expectKept(operator: Operator): Promise<void> {
  await succeeds(operator, ['prune']);
  const bottle = operator.bottles()[0] ?? raise('the preserved bottle is gone');
  expect(['dead', 'preserved']).toContain(describeBottle(bottle).state);
  expect(isPreserved(bottle)).toBe(true);
  expect(readFileSync(join(bottle.workspace, 'made'), 'utf8')).toBe('work\n');
  const said = [bottle.home, bottle.transcript]
    .map(folder => join(folder, '.said'))
    .filter(path => existsSync(path));
  expect(said.map(path => readFileSync(path, 'utf8'))).toContain('said\n');
  await succeeds(operator, ['resume', bottle.identity]);
}

/** Runs the scenario once whole, then once for each step at which the keeper is killed. Returns how often that was. */
async function killEverywhere(scenario: Scenario): Promise<number> {
  const { run: whole } = await once(scenario, 0);
  expect(whole).toMatchObject({ killed: false, reply: { kind: 'ready' } });
  const points = sample(pointsOf(whole));
  let fired = 0;
  const work = async (lane: number): Promise<void> => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) {
      const inject = `${point.syscall}:signal=KILL:when=${point.nth}`;
      const { operator: victim, run, token } = await once(scenario, lane, inject);
      // The last ones are made only at times.
      if (!run.killed) continue;
      fired += 1;
      try {
        await scenario.check(victim, run);
        await until(() => !runs(token));
      } catch (error) {
        throw new Error(`killed at ${inject} ${run.calls.at(-1)?.args ?? ''}`, { cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, lane) => work(lane)));
  return fired;
}

let count = 0;

async function once(
  scenario: Scenario,
  lane: number,
  inject?: string,
): Promise<{ operator: Operator; run: KeeperRun; token: string }> {
  const operator = scenario.operator(lane);
  const request = scenario.request(operator);
  const token = request.kind === 'start' ? tokenOf(operator) : tokenIn(operator);
  const run = await keeperUnderStrace(operator, request, {
    mark: scenario.mark,
    ...(inject === undefined ? {} : { inject }),
  });
  // No agent survives its keeper. What was killed right as bubblewrap forked may wait on, for the next command to end it.
  await until(() => !runs(token, { besides: 'bwrap' }));
  return { operator, run, token };
}

interface Point {
  readonly syscall: string;
  /** From 1, as strace counts. */
  readonly nth: number;
}

/** Steps that change something of the operator's, in order; of the files opened only those that are made. */
function pointsOf({ calls }: KeeperRun): Point[] {
  const counts = new Map<string, number>();
  return calls.flatMap(({ name, args }) => {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return name === 'openat' && !args.includes('O_CREAT') ? [] : [{ syscall: name, nth }];
  });
}

/** Every STRIDE-th, and the first of each system call. */
function sample(points: readonly Point[]): Point[] {
  const seen = new Set<string>();
  return points.filter(({ syscall }, index) => {
    const first = !seen.has(syscall);
    seen.add(syscall);
    return first || index % STRIDE === 0;
  });
}

function newOperator(): Operator {
  return new Operator({ root: join(temporaryFolder({ memory: true }), `root-${process.pid}-${++count}`) });
}

function tokenOf(operator: Operator): string {
  return `token:${operator.root}`;
}

/** Of a bottle that was started elsewhere. */
function tokenIn(operator: Operator): string {
  const launch = operator.bottles().map(readLaunch)[0];
  return launch?.agent.command.at(-1) ?? raise('no launch file');
}

function common({ root }: Operator): Pick<KeeperRequest, 'root' | 'size' | 'now' | 'preserve'> {
  return { root, size: { columns: 80, rows: 24 }, now: new Date().toISOString(), preserve: false };
}

function start(operator: Operator): KeeperRequest {
  return {
    kind: 'start',
    ...common(operator),
    start: {
      agent: worker(tokenOf(operator)),
      args: [],
      backend: { name: 'local' },
      workspace: { kind: 'empty' },
      labels: {},
    },
  };
}

function stateOf({ root }: Operator): string[] {
  return existsSync(join(root, 'state')) ? readdirSync(join(root, 'state')) : [];
}

async function succeeds(operator: Operator, args: readonly string[]): Promise<void> {
  const { code, stderr } = await operator.run(args, { input: '\n' });
  if (code !== 0) raise(`${args.join(' ')} failed with ${code}: ${stderr}`);
}

function raise(message: string): never {
  throw new Error(message);
}
