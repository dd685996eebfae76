import {
  type LiveConfig,
  type LiveConfigChange,
  LiveConfigError,
  readLiveConfig,
  writeLiveConfig,
} from '@bot-bottle/live-config';
import type { BottlePaths } from '@bot-bottle/state-paths';

/** Each lost round is somebody else's finished write, so many of them in a row are no accident. */
const ATTEMPTS = 1000;

/** What an edit makes of the present policy. */
export interface Edit<T> {
  readonly change: LiveConfigChange;
  /** What the command tells of it. */
  readonly outcome: T;
}

/**
 * Changes a live config upon what it says at present, so that of two commands at once neither undoes the other's. Where
 * nothing is to change, what was edited by hand becomes a generation all the same.
 * @throws LiveConfigError, also for what stands there already; DurableFsError
 */
export async function changePolicy<T>(
  paths: BottlePaths,
  edit: (present: LiveConfig) => Edit<T>,
): Promise<{ readonly generation: number; readonly outcome: T }> {
  for (let attempt = 1; ; attempt += 1) {
    const present = readLiveConfig(paths);
    const { change, outcome } = edit(present);
    try {
      const { generation } = await writeLiveConfig(paths, change, { expectRevision: present.revision });
      return { generation, outcome };
    } catch (error) {
      if (!hasMoved(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

function hasMoved(error: unknown): boolean {
  return error instanceof LiveConfigError && error.code === 'revision-moved';
}
