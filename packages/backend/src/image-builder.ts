import type { DestroyReport } from './destroy-report.js';
import type { BottleRef } from './spec.js';

/** What an image is made of. An adapter hands each of them to its engine as one argument: no shell reads any of it. */
export interface ImageBuild {
  /** `NAME:TAG`, or a NAME alone, which is tagged with a digest of what it is made of: images of different contents stay apart. */
  readonly name: string;
  /** The bottle that it is for, and that it goes with (`remove`). Absent: it is shared. */
  readonly bottle?: BottleRef;
  /** The Dockerfile: absolute, a regular file of the operator's. It need not lie in the context. */
  readonly dockerfile: string;
  /** What COPY and ADD read: an absolute folder of the operator's, out of which no link is followed. Null: nothing. */
  readonly context: string | null;
  /**
   * An absolute file, there or not, that says what the context leaves out, where the engine's builder looks for one by the name of the
   * Dockerfile (BuildKit). Default: the Dockerfile's path with `.dockerignore` after it. For one that stands for another Dockerfile.
   */
  readonly ignore?: string;
  /** Build also where nothing changed, and every step of it. Default false. */
  readonly noCache?: boolean;
}

/** Whom a build tells of itself. */
export interface BuildHost {
  /** What it says, line by line as it says it, without control sequences. Called only where something is built. */
  progress(line: string): void;
  /** Ends the build, which then fails with `build-failed`. */
  readonly signal?: AbortSignal;
}

export interface BuiltImage {
  /** For `BottleSpec.image`. */
  readonly image: string;
  /** False: it was there, made of just that. */
  readonly built: boolean;
}

/** An image that was built for a bottle, found without being asked for. */
export interface ImageSighting {
  /** By the image's own labels. */
  readonly bottle: BottleRef;
  /** `NAME:TAG`. What was made of such an image has its labels too: only the name tells them apart. */
  readonly name: string;
}

/** Makes images for bottles. Their labels say what they are of; nothing of a build is secret, so no argument of one may be. */
export interface ImageBuilder {
  /** The image of a bottle whose specification names none. */
  readonly defaultImage: string;
  /**
   * Makes an image, unless it is there and neither the Dockerfile nor anything in the context has changed: that is found out by
   * content, with one question to the engine. A failed build leaves an older image of that name as it was.
   * @throws `bad-spec`, `unavailable`, `build-failed` with the last lines of what the build said
   */
  build(build: ImageBuild, host: BuildHost): Promise<BuiltImage>;
  /** Removes what was built for this bottle under that name, and nothing else; says what it could not. Idempotent; `destroy` first. */
  remove(bottle: BottleRef, name: string): Promise<DestroyReport>;
  /** Every image that was built for a bottle, of whatever root. Absent: nobody can tell. @throws `unavailable` */
  survey?(): Promise<readonly ImageSighting[]>;
}
