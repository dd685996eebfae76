import type { BottleRef, FolderMount } from './spec.js';

/** Something at a backend that goes by a bottle's name, found without being asked for. */
export interface Sighting {
  /** The bottle that it is a part of, by its own labels. Null: it bears none, so it is not ours, whatever it is called. */
  readonly bottle: BottleRef | null;
  /** What it goes by, as in `BottleRef`. */
  readonly project: string;
  /** `exited`: it is there, and its agent does not run. */
  readonly state: 'running' | 'exited';
  /** Its parts, as the backend's own tools call them. */
  readonly names: readonly string[];
  /** When the oldest part was made. */
  readonly createdAt: Date;
}

/** What a backend still knows of a bottle whose record is lost. */
export interface Recollection {
  readonly agentName: string;
  readonly command: readonly string[];
  /** Null: this backend runs no images. */
  readonly image: string | null;
  readonly workspace: FolderMount;
  readonly home: FolderMount;
  readonly labels: Readonly<Record<string, string>>;
  readonly project: string;
  readonly createdAt: Date;
}
