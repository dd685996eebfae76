import { effectiveBackend } from '@bot-bottle/metadata';
import { type Inspection, PreserveError, type SweepOutcome, sweep } from '@bot-bottle/preserve';
import { type BottlePaths, bottlePaths } from '@bot-bottle/state-paths';
import { loadBackend } from '../backends/load.js';
import type { Registry } from '../backends/registry.js';
import { remediesOf } from '../output/remedies.js';
import { BackendSurveys } from '../session/at-backend.js';
import { bottleRef } from '../session/bottle-ref.js';
import { describeOrphan } from '../session/describe-orphan.js';
import { SessionError } from '../session/errors.js';
import {
  describeLostImage,
  findLostImages,
  type LostImage,
  removeLostImage,
} from '../session/lost-images.js';
import { findOrphans, type Orphan, removeOrphan } from '../session/orphans.js';
import { recordState } from '../session/record-state.js';
import { removeSession } from '../session/remove.js';
import { codeOf, messageOf } from '../thrown.js';

/** What became of one bottle and why, as `prune --json` prints it. */
export interface Pruned extends Pick<SweepOutcome, 'identity' | 'action'> {
  /** `orphan`: a backend has it, and its record is gone. */
  readonly reason: SweepOutcome['reason'] | 'orphan';
  /** The reason for a person. */
  readonly because: string;
  /** What was freed; null where nothing was removed. */
  readonly bytes: number | null;
  readonly left: readonly { readonly path: string; readonly reason: string }[];
}

const BECAUSE: Readonly<Record<SweepOutcome['reason'], string>> = {
  'lease-alive': 'its session runs',
  'lease-unknown': 'whether its session runs cannot be told from here',
  'still-running': 'its backend still runs it',
  preserved: 'it is preserved',
  blocked: 'it waits for an approval',
  'resume-failed': 'its last resume failed',
  'record-unreadable': 'it has been at work, and its record is gone',
  ended: 'its session ended and nobody kept it',
  'never-started': 'its start was cut off',
  forced: 'you said so',
  leftover: 'an earlier removal was cut off',
  failed: 'it could not be judged or removed',
};

/** The sweep, with what only the CLI knows: how to read a record, and to ask and clear a bottle's backend. */
export class Pruning {
  /** Why nobody can tell that a bottle may go, where its backend did not say that it runs. */
  readonly #doubts = new Map<string, string>();
  readonly #surveys: BackendSurveys;
  readonly #remedies = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly registry: Pick<Registry, 'names' | 'find'>,
  ) {
    this.#surveys = new BackendSurveys(registry.find);
  }

  /** @param orphans also remove what a backend has of bottles whose record is gone */
  async *run({
    dryRun,
    orphans,
  }: {
    readonly dryRun: boolean;
    readonly orphans: boolean;
  }): AsyncGenerator<Pruned> {
    for (const orphan of await findOrphans(this.root, this.registry, this.#surveys)) {
      yield await this.#pruneOrphan(orphan, orphans ? (dryRun ? 'would-remove' : 'removed') : 'kept');
    }
    for await (const outcome of sweep(this.root, { inspect: paths => this.#inspect(paths), dryRun: true })) {
      yield outcome.action === 'would-remove' && !dryRun ? await this.#remove(outcome) : this.#tell(outcome);
    }
    // Last: an orphan's folder that an earlier removal left is gone by now.
    for (const image of await findLostImages(this.root, this.registry, this.#surveys)) {
      yield await this.#pruneImage(image, orphans ? (dryRun ? 'would-remove' : 'removed') : 'kept');
    }
    if (dryRun) return;
    // What is left for the sweep itself: the temporaries of dead writers. Every bottle has been judged.
    for await (const { reason, ...outcome } of sweep(this.root, { inspect: () => 'running' })) {
      if (outcome.action === 'removed') yield this.#tell({ reason, ...outcome });
    }
  }

  /** What to type for what could not be judged or removed, each once. */
  get remedies(): Iterable<string> {
    return this.#remedies;
  }

  /** Backends that did not answer. */
  failures(): ReturnType<BackendSurveys['failures']> {
    return this.#surveys.failures();
  }

  async #pruneOrphan(orphan: Orphan, action: Pruned['action']): Promise<Pruned> {
    const { identity } = orphan.paths;
    const because = `${describeOrphan(orphan)}; keep it with: bot-bottle adopt ${identity}`;
    const told = { identity, bytes: null, left: [] };
    if (action !== 'removed') return { ...told, action, reason: 'orphan', because };
    try {
      if (await removeOrphan(orphan))
        return { ...told, action, reason: 'orphan', because: describeOrphan(orphan) };
      return { ...told, action: 'kept', reason: 'orphan', because: 'somebody else has taken it up' };
    } catch (error) {
      this.#noteRemedies(identity, error);
      return { ...told, action: 'kept', reason: 'failed', because: `${BECAUSE.failed}: ${messageOf(error)}` };
    }
  }

  async #pruneImage(image: LostImage, action: Pruned['action']): Promise<Pruned> {
    const { identity } = image.paths;
    const told = { identity, reason: 'orphan', because: describeLostImage(image), bytes: null } as const;
    const left = action === 'removed' ? await removeLostImage(image) : [];
    return { ...told, action: left.length > 0 ? 'kept' : action, left };
  }

  async #inspect(paths: BottlePaths): Promise<Inspection> {
    const state = recordState(paths);
    if (state.is === 'unreadable') {
      this.#doubts.set(paths.identity, `its record cannot be read: ${messageOf(state.error)}`);
    }
    if (state.is !== 'readable') return 'unreadable';
    const { record } = state;
    const name = effectiveBackend(record);
    const ref = this.registry.find(name);
    if (ref === undefined) {
      // It may run under the older tool, which holds no lease.
      this.#doubts.set(
        paths.identity,
        `its backend "${name}" is not installed, so nobody can tell whether it runs`,
      );
      return 'running';
    }
    const seen = await this.#surveys.of(paths, record);
    if (seen?.presence === 'foreign') {
      const names = seen.sighting?.names.join(', ');
      this.#doubts.set(paths.identity, `what is not bot-bottle's has its name: ${names}`);
      return 'running';
    }
    if (seen !== null && seen.presence !== 'unknown')
      return seen.presence === 'running' ? 'running' : 'readable';
    const status = await (await loadBackend(ref)).status(bottleRef(paths, record));
    return status.state === 'running' ? 'running' : 'readable';
  }

  /** At its backend and on the disk; looks again under the lease, for a resume may have come meanwhile. */
  async #remove(outcome: SweepOutcome): Promise<Pruned> {
    try {
      const paths = bottlePaths(this.root, outcome.identity);
      const report = await removeSession(paths, { backends: this.registry.find });
      return this.#tell({ ...outcome, action: 'removed', report });
    } catch (error) {
      const kept = { ...outcome, action: 'kept' } as const;
      if (error instanceof SessionError && error.code === 'already-running') {
        return this.#tell({ ...kept, reason: 'lease-alive' });
      }
      if (error instanceof PreserveError && (error.code === 'preserved' || error.code === 'lease-unknown')) {
        return this.#tell({ ...kept, reason: error.code });
      }
      return this.#tell({ ...kept, reason: 'failed', error });
    }
  }

  #tell({ identity, action, reason, report, error }: SweepOutcome): Pruned {
    const doubted = reason === 'still-running' || reason === 'record-unreadable';
    const doubt = doubted ? this.#doubts.get(identity) : undefined;
    const why = error === undefined ? '' : `: ${messageOf(error)}`;
    if (error !== undefined) this.#noteRemedies(identity, error);
    return {
      identity,
      action,
      reason,
      because: doubt ?? `${BECAUSE[reason]}${why}`,
      bytes: report?.bytes ?? null,
      left: report?.left ?? [],
    };
  }

  #noteRemedies(identity: string, error: unknown): void {
    for (const remedy of remediesOf(codeOf(error) ?? '', error, identity) ?? []) this.#remedies.add(remedy);
  }
}
