/** What became of what an adapter made for a bottle. */
export interface DestroyReport {
  /** False when there was nothing to destroy. */
  readonly removed: boolean;
  /** What could not be removed, with the reason. */
  readonly left: readonly { readonly path: string; readonly reason: string }[];
}
