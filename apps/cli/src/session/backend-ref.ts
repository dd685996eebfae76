/** The backend that is built in. */
export const LOCAL = 'local';

/**
 * How the keeper, another process, finds the adapter that the command chose. A `Backend` is one for a built-in;
 * `../backends/load.ts` turns it back: `loadBackend(ref: BackendRef): Promise<Backend>`.
 */
export interface BackendRef {
  /** The adapter's name, as the record stores it. */
  readonly name: string;
  /** What to import for a third party's adapter: an absolute path or `file:` URL; absent for a built-in one. */
  readonly module?: string;
}

/** The adapter of that name, or undefined where it is not installed. */
export type FindBackend = (name: string) => BackendRef | undefined;
