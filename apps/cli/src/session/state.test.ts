import { writeFileSync } from 'node:fs';
import { newRecord, writeRecord } from '@bot-bottle/metadata';
import { acquireLease, markPreserved, reserveBottle } from '@bot-bottle/preserve';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { temporaryFolder } from '@bot-bottle/test-kit';
import { type SessionPhase, type SessionRecord, writeSession } from './session-file.js';
import { describeBottle } from './state.js';

const session = (phase: SessionPhase): SessionRecord => ({
  phase,
  pid: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  exit: null,
  problems: [],
});

async function bottle(options: {
  readonly owned: boolean;
  readonly phase?: SessionPhase;
}): Promise<BottlePaths> {
  const lease = await reserveBottle(temporaryFolder(), 'agent');
  const { paths } = lease;
  await writeRecord(paths, newRecord({ identity: paths.identity, agentName: 'agent' }));
  if (options.phase) await writeSession(paths, session(options.phase));
  if (!options.owned) await lease.release();
  return paths;
}

describe('a bottle is described as', () => {
  it.each(['starting', 'running', 'ending'] as const)(
    '%s while its keeper lives and says so',
    async phase => {
      const paths = await bottle({ owned: true, phase });
      expect(describeBottle(paths)).toMatchObject({ state: phase, preserved: false, problem: null });
    },
  );

  it('starting before its keeper has said anything', async () => {
    expect(describeBottle(await bottle({ owned: true })).state).toBe('starting');
  });

  it('preserved or stopped when nobody owns it', async () => {
    const paths = await bottle({ owned: false, phase: 'ended' });
    expect(describeBottle(paths).state).toBe('stopped');
    await markPreserved(paths);
    expect(describeBottle(paths)).toMatchObject({ state: 'preserved', preserved: true });
  });

  it('stopped when the older tool made it', async () => {
    expect(describeBottle(await bottle({ owned: false })).state).toBe('stopped');
  });

  it('unfinished when there is no record', async () => {
    const lease = await reserveBottle(temporaryFolder(), 'agent');
    await lease.release();
    expect(describeBottle(lease.paths)).toMatchObject({ state: 'unfinished', record: null, session: null });
  });

  it('broken, with its path, when its record is no object', async () => {
    const paths = await bottle({ owned: false });
    writeFileSync(paths.metadata, '[]\n');
    const problem = `${paths.metadata} holds no record; expected a JSON object`;
    expect(describeBottle(paths)).toMatchObject({ state: 'broken', record: null, problem });
  });

  it.each(['metadata', 'session'] as const)(
    'broken, with the reason, when its %s cannot be read',
    async file => {
      const paths = await bottle({ owned: false, phase: 'ended' });
      writeFileSync(paths[file], '{ "phase": ');
      expect(describeBottle(paths)).toMatchObject({
        state: 'broken',
        problem: expect.stringContaining(paths[file]),
      });
    },
  );

  it.each([
    { exit: 'no' },
    { exit: {} },
    { endedAt: 7 },
    { problems: 'one' },
    { problems: [1] },
    { pid: '1' },
  ])('broken when its session holds %j', async change => {
    const paths = await bottle({ owned: false });
    writeFileSync(paths.session, JSON.stringify({ ...session('ended'), ...change }));
    expect(describeBottle(paths)).toMatchObject({
      state: 'broken',
      session: null,
      problem: expect.stringContaining(`${paths.session} does not hold`),
    });
  });

  it('running although its record is broken: a keeper that lives counts more', async () => {
    const paths = await bottle({ owned: true, phase: 'running' });
    writeFileSync(paths.metadata, 'no JSON');
    expect(describeBottle(paths)).toMatchObject({
      state: 'running',
      record: null,
      problem: expect.any(String),
    });
    await expect(acquireLease(paths)).rejects.toMatchObject({ code: 'lease-held' });
  });

  it('with what its last session met', async () => {
    const paths = await bottle({ owned: false });
    await writeSession(paths, { ...session('ended'), problems: ['one thing', 'another'] });
    expect(describeBottle(paths).problem).toBe('one thing; another');
  });
});
