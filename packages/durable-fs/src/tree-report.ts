/** What a walk over a tree did, and what it did not do. */
export interface TreeReport {
  /** Files, folders and links that were copied or removed. */
  entries: number;
  /** Copied: bytes of content. Removed: bytes on the disk (files with other hard links not counted). */
  bytes: number;
  /** What was not copied, or could not be removed, each with the reason. */
  left: LeftEntry[];
}

export interface LeftEntry {
  path: string;
  /** `mount point`, `FIFO`, `socket`, `device`, `not empty`, `changed`, or the system's name for the failure (`EPERM`). */
  reason: string;
}

/** Where a walk stands: names from the top down, joined only where they are needed. */
export function pathOf(top: string, names: readonly (string | Buffer)[]): string {
  return [top, ...names.map(String)].join('/');
}
