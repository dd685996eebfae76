import type { BottlePaths } from '@bot-bottle/state-paths';
export interface FollowOptions {
  /** Go on until the session ends; by default stop at the end of what is there. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}
/** What the bottle's terminal showed, as raw bytes: control sequences included. Yields nothing where there is no log. */
export declare function followLog(paths: BottlePaths, options?: FollowOptions): AsyncGenerator<Uint8Array>;
