import type { BottlePaths } from '@bot-bottle/state-paths';
import { untilInForce } from './acknowledge.js';

/** A policy that is written and, where the bottle runs, in force. */
export interface Acknowledged {
  readonly generation: number;
  /** False: the bottle does not run, and takes it when it next starts. */
  readonly inForce: boolean;
  /** Milliseconds from before the write to the proxy's acknowledgement; null: the bottle does not run. */
  readonly ms: number | null;
}

/** Writes a bottle's policy, and returns when its proxy has it in force. @throws as `write` and `untilInForce` */
export async function applyPolicy<T extends { readonly generation: number }>(
  paths: BottlePaths,
  write: () => Promise<T>,
): Promise<T & Acknowledged> {
  const started = performance.now();
  const written = await write();
  const inForce = await untilInForce(paths, written.generation);
  return { ...written, inForce, ms: inForce ? Math.round(performance.now() - started) : null };
}

/** "in force after 7 ms (generation 4)" */
export function sinceWhen({ identity }: BottlePaths, { generation, ms }: Acknowledged): string {
  const when = ms === null ? `when ${identity} next starts` : `after ${ms} ms`;
  return `in force ${when} (generation ${generation})`;
}
