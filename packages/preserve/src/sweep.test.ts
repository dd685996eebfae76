import { mkdirSync, readdirSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processMark } from '@bot-bottle/durable-fs';
import { type BottlePaths, bottlePaths, rootPaths } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { newBottle, plantLease, put, usedBottle } from '../test/bottle.js';
import { listAside, setAside } from './aside.js';
import { acquireLease, type Lease } from './lease.js';
import { isPreserved, markPreserved } from './marker.js';
import { type Inspection, type SweepOptions, type SweepOutcome, sweep } from './sweep.js';

const inspect = (): Inspection => 'readable';
const bottles = (root: string) => readdirSync(rootPaths(root).state).sort();

/** What the sweep said, by bottle. */
async function swept(root: string, options: Partial<SweepOptions> = {}): Promise<Record<string, string>> {
  const said: Record<string, string> = {};
  for await (const { identity, action, reason } of sweep(root, { inspect, ...options }))
    said[identity] = `${action} ${reason}`;
  return said;
}

async function outcomesOf(sweep: AsyncGenerator<SweepOutcome>): Promise<SweepOutcome[]> {
  const outcomes: SweepOutcome[] = [];
  for await (const outcome of sweep) outcomes.push(outcome);
  return outcomes;
}

/** One bottle of each kind. */
async function zoo() {
  const root = temporaryFolder({ memory: true });
  const make = () => usedBottle(root);
  const zoo = {
    ended: make(),
    dead: make(),
    alive: make(),
    unknown: make(),
    preserved: make(),
    reserved: newBottle(root),
    startKilled: newBottle(root),
    withoutRecord: newBottle(root),
    cutOff: make(),
    cutOffPreserved: make(),
  };
  plantLease(zoo.dead, { startTime: 1 });
  const lease = await acquireLease(zoo.alive);
  plantLease(zoo.unknown, { pidNamespace: 'pid:[1]' });
  await markPreserved(zoo.preserved);
  plantLease(zoo.startKilled, { startTime: 1 });
  put(zoo.withoutRecord.transcript, 'what was said');
  await markPreserved(zoo.cutOffPreserved);
  setAside(zoo.cutOff);
  setAside(zoo.cutOffPreserved);
  return { root, zoo, lease };
}

const VERDICTS: Record<string, [action: 'keep' | 'remove', reason: string]> = {
  ended: ['remove', 'ended'],
  dead: ['remove', 'ended'],
  alive: ['keep', 'lease-alive'],
  unknown: ['keep', 'lease-unknown'],
  preserved: ['keep', 'preserved'],
  reserved: ['remove', 'never-started'],
  startKilled: ['remove', 'never-started'],
  withoutRecord: ['keep', 'record-unreadable'],
  cutOff: ['remove', 'leftover'],
  cutOffPreserved: ['keep', 'preserved'],
};

function expected(zoo: Record<string, BottlePaths>, remove: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(VERDICTS).map(([name, [action, reason]]) => [
      zoo[name]?.identity,
      `${action === 'keep' ? 'kept' : remove} ${reason}`,
    ]),
  );
}

describe('a sweep', () => {
  it('says of each bottle whether it goes and why, and does it', async () => {
    const { root, zoo: kinds, lease } = await zoo();
    expect(await swept(root)).toEqual(expected(kinds, 'removed'));
    const { alive, unknown, preserved, withoutRecord, cutOffPreserved } = kinds;
    const kept = [alive, unknown, preserved, withoutRecord, cutOffPreserved];
    expect(bottles(root)).toEqual(kept.map(({ identity }) => String(identity)).sort());
    expect(isPreserved(cutOffPreserved)).toBe(true);
    await lease.release();
  });

  it('says the same in a dry run, and changes nothing', async () => {
    const { root, zoo: kinds, lease } = await zoo();
    const before = readdirSync(root, { recursive: true }).sort();
    expect(await swept(root, { dryRun: true })).toEqual(expected(kinds, 'would-remove'));
    expect(readdirSync(root, { recursive: true }).sort()).toEqual(before);
    await lease.release();
  });

  it('removes what is preserved or unreadable only when forced, and what is in use not even then', async () => {
    const { root, zoo: kinds, lease } = await zoo();
    const forced = await swept(root, { force: true });
    expect(forced).toMatchObject({
      [kinds.alive.identity]: 'kept lease-alive',
      [kinds.unknown.identity]: 'kept lease-unknown',
      [kinds.preserved.identity]: 'removed forced',
      [kinds.withoutRecord.identity]: 'removed forced',
      [kinds.cutOffPreserved.identity]: 'removed leftover',
    });
    expect(bottles(root)).toEqual([String(kinds.alive.identity), String(kinds.unknown.identity)].sort());
    await lease.release();
  });

  it.each<[Inspection, string]>([
    ['unreadable', 'kept record-unreadable'],
    ['running', 'kept still-running'],
    ['readable', 'removed ended'],
  ])('believes who inspects a record: %s', async (found, said) => {
    const paths = usedBottle();
    expect(await swept(paths.root, { inspect: async () => found })).toEqual({ [paths.identity]: said });
    expect(bottles(paths.root)).toHaveLength(said.startsWith('kept') ? 1 : 0);
  });

  it('asks only about what it would remove', async () => {
    const { root, zoo: kinds, lease } = await zoo();
    const asked = new Set<string>();
    await swept(root, {
      dryRun: true,
      inspect: ({ identity }) => {
        asked.add(identity);
        return 'readable';
      },
    });
    expect([...asked].sort()).toEqual([kinds.ended.identity, kinds.dead.identity].map(String).sort());
    await lease.release();
  });

  it('goes on where one bottle cannot be judged, and says why', async () => {
    const root = temporaryFolder({ memory: true });
    const [bad, good] = [usedBottle(root), usedBottle(root)];
    const trouble = new Error('the disk is gone');
    const outcomes = await outcomesOf(
      sweep(root, {
        inspect: ({ identity }) => {
          if (identity === bad.identity) throw trouble;
          return 'readable';
        },
      }),
    );
    expect(outcomes.find(({ identity }) => identity === bad.identity)).toEqual({
      identity: bad.identity,
      action: 'kept',
      reason: 'failed',
      report: null,
      error: trouble,
    });
    expect(outcomes.find(({ identity }) => identity === good.identity)).toMatchObject({
      action: 'removed',
      report: { left: [] },
    });
    expect(bottles(root)).toEqual([bad.identity]);
  });

  it('looks again under the lease: what was kept meanwhile stays', async () => {
    const paths = usedBottle();
    let asked = 0;
    const said = await swept(paths.root, {
      inspect: async (): Promise<Inspection> => {
        asked += 1;
        if (asked === 1) await markPreserved(paths);
        return 'readable';
      },
    });
    expect(said).toEqual({ [paths.identity]: 'kept preserved' });
    expect(isPreserved(paths)).toBe(true);
  });

  it('keeps what was resumed after it looked', async () => {
    const paths = usedBottle();
    const resumed: Lease[] = [];
    const said = await swept(paths.root, {
      inspect: async (): Promise<Inspection> => {
        resumed.push(await acquireLease(paths));
        return 'readable';
      },
    });
    expect(resumed).toHaveLength(1);
    expect(said).toEqual({ [paths.identity]: 'kept lease-alive' });
  });

  // Row 3.
  it('removes the temporaries of dead writers, in state/ and in the bottles that stay', async () => {
    const paths = usedBottle();
    await markPreserved(paths);
    const dead = 'tmp-4194305.1.00000000.1-0123456789ab';
    mkdirSync(paths.liveConfig);
    const { pid, startTime, bootId, pidNamespace } = processMark();
    const mark = [pid, startTime, bootId.slice(0, 8), pidNamespace.replace(/\D/g, '')].join('.');
    const alive = `.file.tmp-${mark}-0123456789ab`;
    for (const folder of [rootPaths(paths.root).state, paths.folder, paths.liveConfig])
      writeFileSync(join(folder, `.file.${dead}`), 'half');
    writeFileSync(join(paths.liveConfig, alive), 'half');
    await swept(paths.root);
    expect(bottles(paths.root)).toEqual([paths.identity]);
    expect(readdirSync(paths.folder).sort()).toEqual(['.preserve', 'agent', 'live-config', 'metadata.json']);
    expect(readdirSync(paths.liveConfig)).toEqual([alive]);
    // The naive sweep, by the name alone, takes it, and its writer's rename fails.
    for (const name of readdirSync(paths.liveConfig))
      if (name.includes('.tmp')) unlinkSync(join(paths.liveConfig, name));
    expect(() => renameSync(join(paths.liveConfig, alive), paths.routes)).toThrow('ENOENT');
  });

  it('leaves a preserved folder aside, whole, where a new bottle has its name', async () => {
    const paths = usedBottle();
    await markPreserved(paths);
    setAside(paths);
    mkdirSync(paths.folder);
    const lease = await acquireLease(paths);
    const outcomes = await outcomesOf(sweep(paths.root, { inspect }));
    expect(outcomes.map(({ action, reason }) => `${action} ${reason}`)).toEqual([
      'kept preserved',
      'kept lease-alive',
    ]);
    expect(listAside(paths.root)).toMatchObject([{ decided: false, paths: { identity: paths.identity } }]);
    await lease.release();
  });

  it('does not touch what is no bottle', async () => {
    const root = temporaryFolder({ memory: true });
    mkdirSync(join(rootPaths(root).state, 'Not A Bottle'), { recursive: true });
    writeFileSync(join(rootPaths(root).state, 'demo-aaaaa'), 'a file');
    expect(await swept(root, { force: true })).toEqual({});
    expect(bottles(root)).toEqual(['Not A Bottle', 'demo-aaaaa']);
  });

  it('finds nothing on a root that is not there, and creates none', async () => {
    const root = join(temporaryFolder(), 'absent');
    expect(await swept(root)).toEqual({});
    expect(() => readdirSync(root)).toThrow();
  });

  it('finishes a half-removed bottle and says what could not be removed', async () => {
    const paths = usedBottle();
    const aside = join(paths.root, 'state', `.removed-${paths.identity}-0123456789abcdef`);
    renameSync(paths.folder, aside);
    const [outcome] = await outcomesOf(sweep(paths.root, { inspect }));
    expect(outcome).toMatchObject({
      identity: paths.identity,
      action: 'removed',
      reason: 'leftover',
      report: { left: [] },
    });
    expect(bottles(paths.root)).toEqual([]);
    expect(bottlePaths(paths.root, paths.identity).identity).toBe(paths.identity);
  });
});
