/** A clock that stands still until it is told otherwise. */
export interface FakeClock {
  (): Date;
  /** Moves it by so many milliseconds, also backwards. */
  advance(milliseconds: number): void;
}

/** Starts at a moment in ISO 8601; default the first of 2026, midnight UTC. */
export function fakeClock(start = '2026-01-01T00:00:00.000Z'): FakeClock {
  let now = Date.parse(start);
  return Object.assign(() => new Date(now), {
    advance(milliseconds: number) {
      now += milliseconds;
    },
  });
}
