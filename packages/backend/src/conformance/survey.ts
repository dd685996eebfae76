import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import type { Backend } from '../backend.js';
import type { BottleRef } from '../spec.js';
import type { Sighting } from '../survey.js';
import type { TestBottle } from './bottles.js';
import type { Programs } from './programs.js';

type Promised = (text: string, body: (bottle: TestBottle, backend: Backend) => Promise<void>) => unknown;

/** For a backend that can be asked for everything at once. */
export function describeSurvey(promise: Promised, programs: Programs, makeBackend: () => Backend): void {
  promise('sees that a bottle of it runs, that it ended, and that it is gone', async (bottle, backend) => {
    assert.equal(await seen(makeBackend(), bottle.spec), null);
    const session = await bottle.start(programs.wait());
    await session.shows('ready');
    assert.equal((await seen(makeBackend(), bottle.spec))?.state, 'running');
    await backend.stop(bottle.spec, { graceMs: 0 });
    assert.equal((await seen(makeBackend(), bottle.spec))?.state, 'exited');
    await backend.destroy(bottle.spec);
    assert.equal(await seen(makeBackend(), bottle.spec), null);
  });

  promise('finds a bottle whose state is lost, knows what it was, and removes it', async bottle => {
    const command = programs.wait();
    const project = `own_name-${bottle.spec.identity}`;
    const spec = bottle.with({ command, project, labels: { task: 'a, b=c' } });
    const before = Date.now();
    await (await bottle.start(command, spec)).shows('ready');
    rmSync(spec.stateFolder, { recursive: true, force: true });
    const backend = makeBackend();
    const sighting = await seen(backend, spec);
    assert.equal(sighting?.state, 'running');
    assert.equal(sighting.project, spec.project);
    assert.ok(sighting.names.length > 0);
    // An engine may tell whole seconds.
    assert.ok(sighting.createdAt.getTime() > before - 1_000, `${sighting.createdAt.toISOString()}`);
    const known = await backend.recall?.(spec);
    assert.ok(known, 'it is recalled');
    const { identity: _id, stateFolder: _folder, ...facts } = spec;
    for (const name of ['agentName', 'labels', 'project', 'home'] as const) {
      assert.deepEqual(known[name], facts[name]);
    }
    assert.deepEqual([...known.command], command);
    const { source, target } = spec.workspace;
    assert.deepEqual(known.workspace, { source, target });
    assert.equal((await backend.destroy(spec)).removed, true);
    assert.equal(await seen(backend, spec), null);
    assert.equal(await backend.recall?.(spec), null);
  });
}

async function seen(backend: Backend, { identity, stateFolder }: BottleRef): Promise<Sighting | null> {
  const sightings = (await backend.survey?.()) ?? [];
  const own = sightings.filter(({ bottle }) => bottle?.stateFolder === stateFolder);
  assert.ok(own.length <= 1, 'a bottle is seen once');
  assert.ok(own.every(({ bottle }) => bottle?.identity === identity));
  return own[0] ?? null;
}
