import type { ImageSighting, Sighting } from '@bot-bottle/backend';
import { type BottleRecord, effectiveBackend, effectiveComposeProject } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import { messageOf } from '../thrown.js';
import { type FindBackend, LOCAL } from './backend-ref.js';
import { bottleRef } from './bottle-ref.js';
import type { BottleDescription } from './state.js';

/**
 * - `running`, `exited`: its agent is there. `gone`: nothing of it is, and a resume makes it anew.
 * - `foreign`: what is not bot-bottle's has its name, as the older tool's containers have.
 * - `unknown`: its backend could not be asked.
 */
export type Presence = 'running' | 'exited' | 'gone' | 'foreign' | 'unknown';

export interface AtBackend {
  readonly presence: Presence;
  readonly sighting: Sighting | null;
}

/** What one backend has: bottles by their folder, the rest by the name that it goes by. */
interface Survey {
  readonly bottles: ReadonlyMap<string, Sighting>;
  readonly others: ReadonlyMap<string, Sighting>;
}

/** What the backends have of all bottles: each is asked once at most, and none that no bottle is of. */
export class BackendSurveys {
  readonly #surveys = new Map<string, Promise<Survey | null | Error>>();

  constructor(private readonly find: FindBackend) {}

  /** Null: the bottle's backend cannot be asked for all of its bottles, or is not installed. */
  async of(paths: BottlePaths, record: BottleRecord | null): Promise<AtBackend | null> {
    if (record === null) return null;
    const name = effectiveBackend(record);
    // Its bottles die with their keeper, and the lease tells of that.
    if (name === LOCAL) return null;
    const survey = await this.#survey(name);
    if (survey === null) return null;
    if (survey instanceof Error) return { presence: 'unknown', sighting: null };
    const own = survey.bottles.get(bottleRef(paths, record).stateFolder);
    if (own !== undefined) return { presence: own.state, sighting: own };
    const other = survey.others.get(effectiveComposeProject(record));
    return other === undefined
      ? { presence: 'gone', sighting: null }
      : { presence: 'foreign', sighting: other };
  }

  /** All that a backend has of bottles; none where it does not answer, as `failures` says. */
  async bottlesOf(name: string): Promise<Iterable<Sighting>> {
    const survey = await this.#survey(name);
    return survey === null || survey instanceof Error ? [] : survey.bottles.values();
  }

  /** The images that a backend built for bottles; none where it does not answer, as `failures` says. */
  async imagesOf(name: string): Promise<readonly ImageSighting[]> {
    const ref = this.find(name);
    if (ref === undefined || (await this.#survey(name)) instanceof Error) return [];
    try {
      return (await (await loadBackend(ref)).builder?.survey?.()) ?? [];
    } catch (error) {
      this.#surveys.set(name, Promise.resolve(asError(error)));
      return [];
    }
  }

  /** Backends that were asked and did not answer. */
  async failures(): Promise<readonly { readonly backend: string; readonly error: Error }[]> {
    const failed: { backend: string; error: Error }[] = [];
    for (const [backend, survey] of this.#surveys) {
      const error = await survey;
      if (error instanceof Error) failed.push({ backend, error });
    }
    return failed;
  }

  #survey(name: string): Promise<Survey | null | Error> {
    const known = this.#surveys.get(name);
    if (known !== undefined) return known;
    const asked = this.#ask(name).catch(asError);
    this.#surveys.set(name, asked);
    return asked;
  }

  async #ask(name: string): Promise<Survey | null> {
    const ref = this.find(name);
    if (ref === undefined) return null;
    const sightings = await (await loadBackend(ref)).survey?.();
    if (sightings === undefined) return null;
    const bottles = new Map<string, Sighting>();
    const others = new Map<string, Sighting>();
    for (const sighting of sightings) {
      if (sighting.bottle !== null) bottles.set(sighting.bottle.stateFolder, sighting);
      else others.set(sighting.project, sighting);
    }
    return { bottles, others };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error));
}

/** The same bottle, in the light of what its backend has. */
export function inLightOf(description: BottleDescription, seen: AtBackend | null): BottleDescription {
  const { state } = description;
  // A keeper that lives knows better, and what cannot be read stays so.
  if (seen === null || (state !== 'dead' && state !== 'stopped' && state !== 'preserved')) return description;
  if (seen.presence === 'running') return { ...description, state: 'unattended' };
  if (seen.presence !== 'foreign' || seen.sighting?.state !== 'running') return description;
  const names = seen.sighting.names.join(', ');
  return {
    ...description,
    state: 'unknown',
    problem: `what is not bot-bottle's runs under its name: ${names}`,
  };
}
