// FAULTS rows 16, 20 and 28, every interleaving: another process acts just before each file-system call of ours.
import fs, {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type BottlePaths, listIdentities } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { decideAside, setAside } from '../src/aside.js';
import {
  isPreserved,
  markPreserved,
  PreserveError,
  readLease,
  removeBottle,
  restoreTranscript,
  snapshotTranscript,
  sweep,
} from '../src/index.js';
import { newBottle, plantLease, put, usedBottle } from './bottle.js';
import { atEachCall } from './interleave.js';
import { naiveRemoveTree } from './naive.js';

const talkOf = (paths: BottlePaths) => readFileSync(join(paths.home, '.claude/projects/one.jsonl'), 'utf8');

async function settled(work: Promise<unknown> | null): Promise<unknown> {
  return work?.then(
    () => 'done',
    error => (error instanceof PreserveError ? error.code : error),
  );
}

describe('a marker that comes while the bottle is removed', () => {
  type Remove = (paths: BottlePaths) => Promise<unknown>;
  type Mark = (paths: BottlePaths) => Promise<unknown>;

  /** How many rounds there were, and in how many the marker was acknowledged and yet the bottle went. */
  async function race(remove: Remove, mark: Mark) {
    const seen = { rounds: 0, lost: 0, kept: 0, refused: 0 };
    const judged: Promise<void>[] = [];
    let round = { paths: usedBottle(), removal: settled(null), marking: settled(null) };
    seen.rounds = await atEachCall({
      setup: () => {
        round = { paths: usedBottle(), removal: settled(null), marking: settled(null) };
      },
      work: () => {
        round.removal = settled(remove(round.paths));
        return round.removal;
      },
      other: () => {
        round.marking = settled(mark(round.paths));
      },
      // Not awaited here: whoever marks looks for a while before giving up.
      check: () => {
        judged.push(judge(round));
      },
    });
    await Promise.all(judged);
    return seen;

    async function judge({ paths, removal, marking }: typeof round) {
      const [removed, marked] = [await removal, await marking];
      const there = existsSync(paths.metadata) && isPreserved(paths);
      if (marked === 'done' && there) {
        seen.kept += 1;
        expect(removed).toBe('preserved');
        expect(talkOf(paths)).toBe('hello\n');
        expect(readLease(paths)).toEqual({ state: 'none' });
      } else if (marked === 'done') seen.lost += 1;
      else {
        seen.refused += 1;
        expect([removed, marked]).toEqual(['done', 'no-such-bottle']);
        expect(listIdentities(paths.root)).toEqual([]);
      }
    }
  }

  it('keeps it, or is refused: what was acknowledged is never lost', async () => {
    const seen = await race(paths => removeBottle(paths), markPreserved);
    expect(seen.lost).toBe(0);
    expect(seen.kept).toBeGreaterThan(15);
    expect(seen.refused).toBeGreaterThan(20);
    expect(seen.kept + seen.refused).toBe(seen.rounds);
  });

  it('is lost by the naive way: look for the marker, then remove', async () => {
    async function naiveRemove({ folder, preserve }: BottlePaths) {
      if (fs.existsSync(preserve)) throw new PreserveError('preserved', 'preserved', preserve);
      naiveRemoveTree(folder);
    }
    const naiveMark = async ({ preserve }: BottlePaths) => writeFileSync(preserve, '');
    const seen = { lost: 0 };
    let paths = usedBottle();
    let acknowledged = false;
    await atEachCall({
      setup: () => {
        paths = usedBottle();
        acknowledged = false;
      },
      work: () => naiveRemove(paths).catch(() => {}),
      other: () => {
        naiveMark(paths).then(
          () => {
            acknowledged = true;
          },
          () => {},
        );
      },
      check: () => {
        if (acknowledged && !existsSync(paths.metadata)) seen.lost += 1;
      },
    });
    expect(seen.lost).toBeGreaterThan(0);
  });
});

describe('a removal that comes while the bottle is marked', () => {
  async function race(mark: (paths: BottlePaths) => Promise<unknown>) {
    const seen = { kept: 0, refused: 0, lost: 0, answers: new Set<unknown>() };
    let paths = usedBottle();
    let marking = settled(null);
    await atEachCall({
      setup: () => {
        paths = usedBottle();
      },
      work: () => {
        marking = settled(mark(paths));
        return marking;
      },
      // A removal up to the point where nothing but taking apart is left.
      other: () => {
        const aside = setAside(paths);
        if (aside !== null) decideAside(aside, false);
      },
      check: async () => {
        const there = existsSync(paths.metadata);
        const marked = await marking;
        if (there) expect([marked, isPreserved(paths)]).toEqual(['done', true]);
        seen.answers.add(marked);
        seen[there ? 'kept' : marked === 'done' ? 'lost' : 'refused'] += 1;
      },
    });
    return seen;
  }

  it('is refused, or the marker is: what was acknowledged is never lost', async () => {
    const { kept, refused, lost, answers } = await race(markPreserved);
    expect(answers).toEqual(new Set(['done', 'no-such-bottle']));
    expect(kept).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
    expect(lost).toBe(0);
  });

  it('takes what was acknowledged, where the naive way makes the folder that the marker needs', async () => {
    const { lost } = await race(async ({ folder, preserve }) => {
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(preserve, '');
    });
    expect(lost).toBeGreaterThan(0);
  });
});

describe('a session that takes the lease while a sweep is at work', () => {
  type Sweep = (paths: BottlePaths) => AsyncIterable<{ action: string; reason: string }>;
  const ours: Sweep = ({ root }) => sweep(root, { inspect: () => 'readable' });

  async function race(make: () => BottlePaths, sweepIt = ours) {
    const seen = { kept: 0, late: 0, lost: 0 };
    let paths = make();
    let taken = false;
    let outcomes: string[] = [];
    await atEachCall({
      setup: () => {
        paths = make();
        taken = false;
        outcomes = [];
      },
      work: async () => {
        for await (const { action, reason } of sweepIt(paths)) outcomes.push(`${action} ${reason}`);
      },
      // What acquireLease does, as one step: a claim that nobody holds is renamed into place.
      other: () => {
        if (!existsSync(paths.folder) || !['none', 'dead'].includes(readLease(paths).state)) return;
        rmSync(paths.lease, { recursive: true, force: true });
        plantLease(paths);
        taken = true;
      },
      check: () => {
        expect(outcomes.filter(said => said.includes('failed'))).toEqual([]);
        if (taken && readLease(paths).state !== 'alive') seen.lost += 1;
        else if (taken) {
          seen.kept += 1;
          expect(outcomes.every(said => said === 'kept lease-alive')).toBe(true);
        } else {
          seen.late += 1;
          expect(existsSync(paths.folder)).toBe(false);
        }
      },
    });
    return seen;
  }

  it('keeps a bottle that is resumed', async () => {
    const seen = await race(() => usedBottle());
    expect(seen.kept).toBeGreaterThan(10);
    expect(seen.late).toBeGreaterThan(10);
    expect(seen.lost).toBe(0);
  });

  it('loses it to the naive way: look at the lease, then remove', async () => {
    const { lost } = await race(
      () => usedBottle(),
      async function* naiveSweep(paths) {
        if (readLease(paths).state === 'none') await settled((async () => naiveRemoveTree(paths.folder))());
      },
    );
    expect(lost).toBeGreaterThan(0);
  });

  it('keeps a bottle that is resumed after a kill', async () => {
    const seen = await race(() => {
      const paths = usedBottle();
      plantLease(paths, { startTime: 1 });
      return paths;
    });
    expect(seen.kept).toBeGreaterThan(10);
    expect(seen.late).toBeGreaterThan(10);
    expect(seen.lost).toBe(0);
  });

  it('keeps a reservation whose start takes its lease', async () => {
    const seen = await race(() => newBottle());
    expect(seen.kept).toBeGreaterThan(5);
    expect(seen.late).toBeGreaterThan(10);
    expect(seen.lost).toBe(0);
  });
});

describe('a folder swapped for a link', () => {
  const SECRET = 'projects/one.jsonl';

  /** Runs `work` with the folder `at` in HOME swapped at each call. */
  async function swapped(at: string, make: () => BottlePaths, work: (paths: BottlePaths) => unknown) {
    let paths = make();
    let outside = '';
    const leaked: string[] = [];
    const rounds = await atEachCall({
      setup: () => {
        paths = make();
        outside = temporaryFolder({ memory: true });
        put(join(outside, SECRET), 'secret');
        put(join(outside, 'one.jsonl'), 'secret');
      },
      work: () => work(paths),
      other: () => {
        const victim = join(paths.home, at);
        if (!existsSync(victim)) return;
        renameSync(victim, join(paths.home, 'away'));
        symlinkSync(outside, victim);
      },
      check: () => {
        leaked.push(...filesBelow(paths.transcript).filter(file => readFileSync(file, 'utf8') === 'secret'));
        const intact = [SECRET, 'one.jsonl'].every(
          name => existsSync(join(outside, name)) && readFileSync(join(outside, name), 'utf8') === 'secret',
        );
        if (!intact || fs.readdirSync(outside).length !== 2) leaked.push(outside);
      },
    });
    return { rounds, leaked };
  }

  it.each(['.claude', '.claude/projects', '.claude/projects/one.jsonl'])(
    'lets nothing from outside into a snapshot, whenever %s is swapped',
    async at => {
      const { rounds, leaked } = await swapped(
        at,
        () => usedBottle(),
        paths => snapshotTranscript(paths, ['.claude/projects']),
      );
      expect(leaked).toEqual([]);
      expect(rounds).toBeGreaterThan(40);
    },
  );

  it('lets the secret in the naive way: look, then copy by path', async () => {
    const { leaked } = await swapped(
      '.claude/projects',
      () => usedBottle(),
      ({ home, transcript }) => {
        const from = join(home, '.claude/projects');
        if (!fs.lstatSync(from).isDirectory()) return;
        mkdirSync(transcript);
        const name = 'one.jsonl';
        if (fs.existsSync(join(from, name)))
          writeFileSync(join(transcript, name), fs.readFileSync(join(from, name)));
      },
    );
    expect(leaked.length).toBeGreaterThan(0);
  });

  it.each(['.claude', '.claude/projects'])(
    'restores nothing to the outside, whenever %s is swapped',
    async at => {
      const make = () => {
        const paths = usedBottle();
        put(join(paths.transcript, '.claude/projects/demo/one.jsonl'), 'saved');
        put(join(paths.transcript, '.claude/other/one.jsonl'), 'saved');
        rmSync(join(paths.home, '.claude/projects/one.jsonl'));
        return paths;
      };
      const { rounds, leaked } = await swapped(at, make, paths =>
        restoreTranscript(paths, ['.claude/projects', '.claude/other']),
      );
      expect(leaked).toEqual([]);
      expect(rounds).toBeGreaterThan(40);
    },
  );

  it.each(['.claude', '.claude/projects'])('removes nothing outside, whenever %s is swapped', async at => {
    const { rounds, leaked } = await swapped(
      at,
      () => usedBottle(),
      paths => removeBottle(paths),
    );
    expect(leaked).toEqual([]);
    expect(rounds).toBeGreaterThan(40);
  });
});

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
