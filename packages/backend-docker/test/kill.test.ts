import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithEngine, makeTestImage } from '@bot-bottle/test-kit';
import { type Fault, FaultClient } from './fault-client.js';
import { FaultLookUp } from './fault-look-up.js';
import { Operator, type Outcome } from './operator.js';

/** Keepers at each call and look-up under CI, clients at every second; elsewhere at every fourth and eighth. BOT_BOTTLE_TEST_STRIDE says otherwise. */
const STRIDE = Number(process.env['BOT_BOTTLE_TEST_STRIDE'] ?? (process.env['CI'] ? 1 : 4));
const LANES = 2;

/** Works, says something, and waits for a word. */
const WORK = 'echo work >made; echo said >~/.bash_history; read -r x';

/** What the operator types next, whichever it is. */
const NEXT = ['resume', 'stop', 'rm', 'prune'] as const;

interface Life {
  readonly operator: Operator;
  readonly client: FaultClient | FaultLookUp;
  /** The call at which the fault was. */
  readonly nth: number;
  /** Null: the start failed. */
  readonly identity: string | null;
  readonly started: Outcome;
}

describeWithEngine('on a real engine', () => {
  beforeAll(makeTestImage);

  it.each<[string, number, readonly (Fault | 'look-up')[]]>([
    ['a keeper that is killed at a call', STRIDE, ['keeper', 'keeper, call']],
    ['a keeper that is killed at a look-up', STRIDE, ['look-up']],
    ['a client that is killed at a call', STRIDE * 2, ['client', 'client, done']],
  ])(
    '%s, at any from start to end, leaves what the next command puts right',
    async (_name, stride, faults) => {
      const { client: whole } = await live(faults[0] ?? 'keeper', null, false);
      // Fewer could hardly launch a bottle and take it down again; it fails where the keeper is not recognised.
      expect(whole.count).toBeGreaterThan(8);
      const points = Array.from({ length: whole.count }, (_, index) => index + 1).filter(
        nth => nth % stride === 0 || nth === 1,
      );
      let fired = 0;
      let struck = 0;
      const work = async () => {
        for (let nth = points.shift(); nth !== undefined; nth = points.shift()) {
          const turn = fired++;
          const fault = faults[turn % faults.length] ?? 'keeper';
          const next = NEXT[(turn + Math.floor(turn / NEXT.length)) % NEXT.length] ?? 'resume';
          const life = await live(fault, nth, turn % 3 === 0);
          if (life.client.words(nth) !== null) struck++;
          try {
            await putRight(life, next);
          } catch (cause) {
            const at = `${fault} at call ${nth}, ${life.client.words(nth)}; then ${next}; the start said ${life.started.stderr}`;
            throw new Error(at, { cause });
          }
        }
      };
      await Promise.all(Array.from({ length: LANES }, work));
      // A look more or less is a matter of time: the last calls are not made in every life.
      expect(fired).toBeGreaterThanOrEqual(Math.floor(whole.count / stride));
      expect(struck).toBeGreaterThanOrEqual(fired - 2);
      expect(nobodys()).toEqual([]);
    },
    900_000,
  );
});

/** One session from its start to its end, with a fault in it. */
async function live(fault: Fault | 'look-up', nth: number | null, preserve: boolean): Promise<Life> {
  const client = fault === 'look-up' ? new FaultLookUp(nth) : new FaultClient(fault, nth);
  const operator = new Operator('docker', client.env);
  const marked = preserve ? ['--preserve'] : [];
  const started = await operator.run(['start', 'shell', '--detach', ...marked, '--', '-c', WORK]);
  const identity = started.code === 0 ? started.stdout.trim() : null;
  if (identity !== null) await operator.run(['attach', identity], 'end\n');
  return { operator, client, nth: nth ?? 0, identity, started };
}

async function putRight(
  { operator, client, nth, started, identity }: Life,
  next: (typeof NEXT)[number],
): Promise<void> {
  if (identity === null) expect(started).toMatchObject({ code: 125, stdout: '' });
  const [bottle] = bottles(operator);
  if (bottle !== undefined) {
    const { state, preserved } = await shown(operator, bottle);
    expect(['dead', 'stopped', 'preserved', 'unattended', 'unfinished']).toContain(state);
    if (preserved)
      expect(readFileSync(join(operator.folder(bottle), 'workspace/made'), 'utf8')).toBe('work\n');
    await (next === 'rm' ? done(operator, 'rm', '--force', bottle) : follow(operator, bottle, next));
  }
  // Whatever that was, these two finish it.
  for (const left of bottles(operator)) await done(operator, 'rm', '--force', left);
  await client.over(nth);
  await done(operator, 'prune');
  expect(bottles(operator)).toEqual([]);
  expect(containers(operator)).toEqual([]);
}

/** The next command does what it says, also after a fault. */
async function follow(operator: Operator, bottle: string, next: 'resume' | 'stop' | 'prune'): Promise<void> {
  const { state, preserved, session } = await shown(operator, bottle);
  if (next === 'resume') {
    const { code, stderr } = await operator.run(['resume', bottle], 'end\n');
    // A start that was cut off before all was on disk is told from one that can go on.
    if (code !== 0)
      expect({ code, stderr }).toEqual({ code: 125, stderr: expect.stringContaining('never finished') });
    else expect(containers(operator)).toEqual([]);
    return;
  }
  if (next === 'stop') {
    await done(operator, 'stop', bottle, '--grace', '0');
    const after = bottles(operator).includes(bottle) ? (await shown(operator, bottle)).state : 'gone';
    // What did not run stays as it was; what ran, or whose end was begun, has ended in order.
    const ended = state === 'unattended' || (state === 'dead' && session?.phase === 'ending');
    expect(after).toBe(ended ? (preserved ? 'preserved' : 'gone') : state);
    return;
  }
  await done(operator, 'prune');
  expect(bottles(operator)).toEqual(preserved || state === 'unattended' ? [bottle] : []);
}

async function done(operator: Operator, ...args: string[]): Promise<void> {
  expect(await operator.run(args)).toMatchObject({ code: 0 });
}

interface Shown {
  readonly state: string;
  readonly preserved: boolean;
  readonly session: { readonly phase: string } | null;
}

async function shown(operator: Operator, bottle: string): Promise<Shown> {
  const { stdout } = await operator.run(['show', bottle, '--json']);
  return JSON.parse(stdout) as Shown;
}

function bottles({ root }: Operator): string[] {
  const state = join(root, 'state');
  return existsSync(state) ? readdirSync(state) : [];
}

/** What no bottle would ever take along. */
function nobodys(): string[] {
  const format = '{{.Names}} {{.Label "bot-bottle.state"}}';
  return execFileSync('docker', ['ps', '--all', '--filter', 'label=bot-bottle.role=look', '--format', format])
    .toString()
    .split('\n')
    .filter(line => /^\S+ $/.test(line));
}

/** What the engine has of this operator's. */
function containers({ root }: Operator): string[] {
  const format = '{{.Names}} {{.Label "bot-bottle.state"}}';
  return execFileSync('docker', ['ps', '--all', '--filter', 'label=bot-bottle.role', '--format', format])
    .toString()
    .split('\n')
    .filter(line => line.includes(root));
}
