import { effectiveBackend } from '@bot-bottle/metadata';
import type { BottlePaths } from '@bot-bottle/state-paths';
import type { Context } from '../context.js';
import { writeLine } from '../output/write.js';
import type { BackendSurveys, Presence } from '../session/at-backend.js';
import { LOCAL } from '../session/backend-ref.js';
import type { BottleDescription } from '../session/state.js';

/** A bottle with what its backend has of it. */
export interface SeenBottle extends BottleDescription {
  /** Null: its backend was not asked, or cannot tell of all its bottles at once. */
  readonly atBackend: Presence | null;
}

/** Asks backends for the commands that look. What that takes is loaded with the first bottle that is not this machine's own. */
export class BackendAsker {
  #surveys: BackendSurveys | null = null;

  constructor(private readonly context: Context) {}

  /** Whether a backend has anything to say of the bottle: one of the local backend dies with its keeper, as its lease tells. */
  mayKnow({ record }: BottleDescription): boolean {
    return record !== null && effectiveBackend(record) !== LOCAL;
  }

  async look(paths: BottlePaths, description: BottleDescription): Promise<SeenBottle> {
    if (!this.mayKnow(description)) return { ...description, atBackend: null };
    const { inLightOf } = await import('../session/at-backend.js');
    const seen = await (await this.surveys()).of(paths, description.record);
    return { ...inLightOf(description, seen), atBackend: seen?.presence ?? null };
  }

  async surveys(): Promise<BackendSurveys> {
    if (this.#surveys === null) {
      const { BackendSurveys } = await import('../session/at-backend.js');
      const { createRegistry } = await import('./registry.js');
      const { loadOwnSettings } = await import('../config/settings.js');
      this.#surveys ??= new BackendSurveys(name =>
        // A configuration that cannot be read is no reason to list nothing.
        createRegistry(this.context, loadOwnSettings(this.context)).find(name),
      );
    }
    return this.#surveys;
  }

  /** On stderr, and once for each: which backends did not answer. */
  async tellFailures(): Promise<void> {
    for (const { backend, error } of (await this.#surveys?.failures()) ?? []) {
      await writeLine(
        this.context.stderr,
        `bot-bottle: what runs on ${backend} is not known: ${error.message}`,
      );
      if ('remedy' in error && typeof error.remedy === 'string')
        await writeLine(this.context.stderr, `  try: ${error.remedy}`);
    }
  }
}
