import { type LiveItem, LiveTraffic } from './live-traffic.js';
import type { Policy } from './policy.js';
import { Turns } from './turns.js';

const POLICY: Policy = { generation: 2, revision: 'b', allowlist: [], routes: [] };

/** Something that is let out; `cuts` counts how often it was ended. */
function item(some: Partial<LiveItem>): LiveItem & { cuts: number } {
  return {
    cuts: 0,
    allowedBy: () => false,
    cut() {
      this.cuts += 1;
    },
    ...some,
  };
}

function fail(): never {
  throw new Error('never seen to happen');
}

describe('LiveTraffic', () => {
  it('cuts what a policy no longer allows, and nothing else', async () => {
    const live = new LiveTraffic(new Turns());
    const [gone, stays] = [item({}), item({ allowedBy: () => true })];
    for (const one of [gone, stays]) live.add(one);
    await live.judgeAgain(POLICY);
    expect([gone.cuts, stays.cuts]).toEqual([1, 0]);
  });

  it('cuts the rest, and what cannot be judged, where one throws', async () => {
    const live = new LiveTraffic(new Turns());
    const [unclear, stuck, gone] = [item({ allowedBy: fail }), item({ cut: fail }), item({})];
    for (const one of [unclear, stuck, gone]) live.add(one);
    await live.judgeAgain(POLICY);
    expect([unclear.cuts, gone.cuts]).toEqual([1, 1]);
  });

  it('does not cut what a still newer policy lets out again', async () => {
    const live = new LiveTraffic(new Turns());
    const again = item({ allowedBy: policy => policy !== POLICY });
    live.add(again);
    const first = live.judgeAgain(POLICY);
    await live.judgeAgain({ ...POLICY, generation: 3 });
    await first;
    expect(again.cuts).toBe(0);
  });

  it('lets other work through between the cuts of hundreds', async () => {
    const live = new LiveTraffic(new Turns());
    const all = Array.from({ length: 500 }, () => item({}));
    for (const one of all) live.add(one);
    const cutNow = () => all.filter(({ cuts }) => cuts > 0).length;
    let between = 0;
    const look = () => {
      if (cutNow() > 0 && cutNow() < 500) between += 1;
      if (cutNow() < 500) setImmediate(look);
    };
    setImmediate(look);
    await live.judgeAgain(POLICY);
    expect([cutNow(), between > 3]).toEqual([500, true]);
  });
});
