import { type LiveItem, LiveTraffic } from './live-traffic.js';
import type { Policy } from './policy.js';

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
  it('cuts what a policy no longer allows, and nothing else', () => {
    const live = new LiveTraffic();
    const [gone, stays] = [item({}), item({ allowedBy: () => true })];
    for (const one of [gone, stays]) live.add(one);
    live.judgeAgain(POLICY);
    expect([gone.cuts, stays.cuts]).toEqual([1, 0]);
  });

  it('cuts the rest, and what cannot be judged, where one throws', () => {
    const live = new LiveTraffic();
    const [unclear, stuck, gone] = [item({ allowedBy: fail }), item({ cut: fail }), item({})];
    for (const one of [unclear, stuck, gone]) live.add(one);
    live.judgeAgain(POLICY);
    expect([unclear.cuts, gone.cuts]).toEqual([1, 1]);
  });
});
