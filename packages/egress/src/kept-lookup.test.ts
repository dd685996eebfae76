import { keptLookup } from './kept-lookup.js';
import type { Lookup } from './origin.js';

const OPTIONS = { all: true, verbatim: true } as const;

/** A resolver that answers with another address each time, or fails; and a clock. */
function rig() {
  const asked: string[] = [];
  const state = { now: 0, fails: false };
  const resolver: Lookup = async name => {
    asked.push(name);
    if (state.fails) throw new Error('ENOTFOUND');
    return [{ address: `192.0.2.${asked.length}`, family: 4 }];
  };
  const lookup = keptLookup(resolver, () => state.now);
  const ask = async (name: string) => (await lookup(name, OPTIONS)).map(({ address }) => address).join();
  return { asked, state, ask };
}

describe('keptLookup', () => {
  it('asks once for a name that several want at once, or soon after', async () => {
    const { asked, state, ask } = rig();
    const first = await Promise.all([ask('a.test'), ask('a.test'), ask('b.test')]);
    state.now = 1999;
    expect([...first, await ask('a.test')]).toEqual(['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.1']);
    expect(asked).toEqual(['a.test', 'b.test']);
  });

  it('asks again two seconds later', async () => {
    const { state, ask } = rig();
    await ask('a.test');
    state.now = 2000;
    expect(await ask('a.test')).toBe('192.0.2.2');
  });

  it('asks again after a failure', async () => {
    const { state, ask } = rig();
    state.fails = true;
    await expect(ask('a.test')).rejects.toThrow('ENOTFOUND');
    state.fails = false;
    expect(await ask('a.test')).toBe('192.0.2.2');
  });

  it('keeps no more names than it may, however many are asked for', async () => {
    const { asked, ask } = rig();
    await ask('a.test');
    for (let index = 0; index < 1024; index++) await ask(`${index}.test`);
    asked.length = 0;
    await ask('a.test');
    expect(asked).toEqual(['a.test']);
  });
});
