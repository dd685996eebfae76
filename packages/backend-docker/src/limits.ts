import type { BottleSpec, Limits } from '@bot-bottle/backend';

/** What a bottle gets where its specification says nothing; processors and open files are then the engine's affair. */
export const DEFAULT_LIMITS = {
  memoryBytes: 8 * 1024 ** 3,
  processes: 4096,
  tmpBytes: 2 * 1024 ** 3,
} as const satisfies Limits;

export function limitsOf({ limits }: BottleSpec): Limits & typeof DEFAULT_LIMITS {
  return { ...DEFAULT_LIMITS, ...limits } as Limits & typeof DEFAULT_LIMITS;
}
