/**
 * `applied.json` in the proxy's folder: what it has in force, replaced whole each time. A command that changes the live
 * config waits until `generation` has reached its own, or `refused` has.
 */
export interface Applied {
  readonly version: 1;
  /** The process that wrote this, as the bottle's lease names it. */
  readonly pid: number;
  /** Of the policy in force. */
  readonly generation: number;
  readonly revision: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What was read last and could not be taken; the policy above stays in force. Null: nothing. */
  readonly refused: { readonly message: string } | null;
}
