import { decideEnd, type EndFacts } from './end.js';

const ENDED: EndFacts = { lease: 'own', preserved: false, record: 'readable' };

describe('what becomes of a bottle', () => {
  it.each<[string, Partial<EndFacts>, string]>([
    ['an ended session that nobody kept', {}, 'remove ended'],
    ['a dead one, found by a sweep', { lease: 'dead' }, 'remove ended'],
    ['one without a lease, found by a sweep', { lease: 'none' }, 'remove ended'],
    ['a start that wrote no record', { lease: 'dead', record: 'absent' }, 'remove never-started'],
    ['a reservation', { lease: 'none', record: 'absent' }, 'remove never-started'],
    ['a start that failed after its record', { outcome: 'start-failed' }, 'remove never-started'],
    ['a preserved one', { preserved: true }, 'keep preserved'],
    ['a preserved one that is dead', { preserved: true, lease: 'dead' }, 'keep preserved'],
    ['a reservation that was preserved', { preserved: true, record: 'absent' }, 'keep preserved'],
    ['one that waits for its image', { outcome: 'blocked' }, 'keep blocked'],
    ['one that could not be resumed', { outcome: 'resume-failed' }, 'keep resume-failed'],
    ['one whose record cannot be read', { record: 'unreadable' }, 'keep record-unreadable'],
    ['one that could not be torn down', { outcome: 'still-running' }, 'keep still-running'],
    ['one in use', { lease: 'alive' }, 'keep lease-alive'],
    ['one whose owner cannot be judged', { lease: 'unknown' }, 'keep lease-unknown'],
    ['a preserved one, forced', { preserved: true, force: true }, 'remove forced'],
    ['an unreadable one, forced', { record: 'unreadable', force: true }, 'remove forced'],
    ['a blocked one, forced', { outcome: 'blocked', force: true }, 'remove forced'],
    ['an ended one, forced all the same', { force: true }, 'remove ended'],
  ])('%s', (_name, facts, expected) => {
    const { action, reason } = decideEnd({ ...ENDED, ...facts });
    expect(`${action} ${reason}`).toBe(expected);
  });

  const leases = ['own', 'none', 'dead', 'alive', 'unknown'] as const;
  const outcomes = ['exited', 'blocked', 'still-running', 'start-failed', 'resume-failed'] as const;
  const records = ['readable', 'absent', 'unreadable'] as const;
  const all = leases.flatMap(lease =>
    outcomes.flatMap(outcome =>
      records.flatMap(record =>
        [false, true].flatMap(preserved =>
          [false, true].map((force): EndFacts => ({ lease, outcome, record, preserved, force })),
        ),
      ),
    ),
  );

  it('never removes what may be in use, forced or not', () => {
    const inUse = all.filter(
      ({ lease, outcome }) => lease === 'alive' || lease === 'unknown' || outcome === 'still-running',
    );
    expect(inUse).toHaveLength(156);
    expect(inUse.filter(facts => decideEnd(facts).action === 'remove')).toEqual([]);
  });

  it('removes what was kept, or cannot be read, only when forced', () => {
    const kept = all.filter(
      ({ preserved, record, outcome }) =>
        preserved || record === 'unreadable' || outcome === 'blocked' || outcome === 'resume-failed',
    );
    const removed = kept.filter(facts => decideEnd(facts).action === 'remove');
    expect(removed.length).toBeGreaterThan(0);
    expect(removed.every(({ force }) => force)).toBe(true);
    expect(removed.every(facts => decideEnd(facts).reason === 'forced')).toBe(true);
  });

  it('removes everything else', () => {
    const free = all.filter(
      ({ lease, outcome, record, preserved }) =>
        ['own', 'none', 'dead'].includes(lease) &&
        (outcome === 'exited' || outcome === 'start-failed') &&
        record !== 'unreadable' &&
        !preserved,
    );
    expect(free).toHaveLength(24);
    expect(free.filter(facts => decideEnd(facts).action === 'keep')).toEqual([]);
  });
});
