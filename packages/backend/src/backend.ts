import type { ContractVersion } from './contract.js';
import type { DestroyReport } from './destroy-report.js';
import type { ImageBuilder } from './image-builder.js';
import type { BottleRef, BottleSpec, LimitName, WorkspaceKind } from './spec.js';
import type { Recollection, Sighting } from './survey.js';
import type { ExitStatus, LaunchHost, Terminal } from './terminal.js';

/** What an adapter can do anywhere; what this machine lets it do is in `Probe`. */
export interface Capabilities {
  /** What separates the bottle from the host. `none` is for tests: operators are never offered it. */
  readonly isolation: 'none' | 'namespaces' | 'container' | 'microvm';
  /**
   * `none`: no way out at all. `egress`: only through `LaunchHost.serveEgress`, proven at each launch with EGRESS_PROOF.
   * `open`: whatever the host reaches. All but `egress` refuse a specification with `egress`.
   */
  readonly network: 'none' | 'egress' | 'open';
  /** A bottle outlives the process that launched it, and `attach` takes it over. False: it dies with that process. */
  readonly attach: boolean;
  /** The program in the bottle sees `Terminal.resize`. */
  readonly resize: boolean;
  /** `BottleSpec.image` is honoured; otherwise a specification with one is refused. */
  readonly images: boolean;
  readonly workspaces: readonly WorkspaceKind[];
  /** Names that the adapter sets in the environment where the specification does not. */
  readonly environment: readonly string[];
}

/** `bottle`: for the bottle as a whole. `process`: for each of its processes alone. `none`: not on this machine. */
export type Enforcement = 'bottle' | 'process' | 'none';

/** Whether this machine can run bottles now, proven by doing it. Never throws for what is missing. */
export type Probe =
  | {
      readonly available: true;
      /** Version of the program behind the adapter. */
      readonly version: string;
      readonly limits: Readonly<Record<LimitName, Enforcement>>;
      /** Facts an operator should know, one sentence each. */
      readonly notes: readonly string[];
    }
  | {
      readonly available: false;
      readonly reason: string;
      /** The exact command or setting that makes it available. */
      readonly remedy: string;
    };

/** What `prepare` hands to `launch`; a caller only passes it on. */
export interface PreparedBottle {
  readonly spec: BottleSpec;
}

export interface RunningBottle {
  /** The bottle's process on this machine, or null where it has none here. */
  readonly pid: number | null;
  readonly terminal: Terminal;
  /** Settles when the agent ended and its terminal is drained. Never rejects. */
  readonly exited: Promise<ExitStatus>;
}

export type BottleStatus =
  /** The adapter knows nothing of it: never prepared, or destroyed. */
  | { readonly state: 'absent' }
  /** Prepared, never launched. */
  | { readonly state: 'prepared' }
  | { readonly state: 'running' }
  /** `exit` is null where nobody saw the end, as after a killed keeper. */
  | { readonly state: 'exited'; readonly exit: ExitStatus | null };

export interface StopOptions {
  /** Milliseconds between the request to end and the kill. 0 kills at once. */
  readonly graceMs: number;
}

/**
 * A backend adapter. Every method works from any process that has the reference, unless it says otherwise; all of
 * them throw BackendError.
 */
export interface Backend {
  /** Stored in the bottle's metadata: resume finds the adapter by it. */
  readonly name: string;
  readonly contract: ContractVersion;
  readonly capabilities: Capabilities;
  /** Makes images of Dockerfiles; only with the capability `images`. Absent: it runs those that are there or can be pulled. */
  readonly builder?: ImageBuilder;
  probe(): Promise<Probe>;
  /** Checks the specification and writes into `stateFolder`; starts nothing; idempotent. @throws `bad-spec`, `unavailable` */
  prepare(spec: BottleSpec): Promise<PreparedBottle>;
  /**
   * Starts the agent. Valid after `prepare`, and again after each exit.
   * @throws `not-prepared`, `already-running`, `unavailable`, `isolation-failed`, `launch-failed` (also where the specification has
   * `egress` and the host no `serveEgress`)
   */
  launch(prepared: PreparedBottle, host: LaunchHost): Promise<RunningBottle>;
  /** Takes over a bottle that runs without its keeper. @throws `not-running`, `unsupported` */
  attach(ref: BottleRef, host: LaunchHost): Promise<RunningBottle>;
  status(ref: BottleRef): Promise<BottleStatus>;
  /** Asks the agent to end, then kills it. Idempotent; resolves when nothing of it runs. @throws `stop-failed` */
  stop(ref: BottleRef, options: StopOptions): Promise<void>;
  /** Stops and removes everything the adapter made, and nothing else: workspace and home stay. Idempotent. */
  destroy(ref: BottleRef): Promise<DestroyReport>;
  /**
   * Everything that goes by a bottle's name, of whatever root, in one question to the engine. For a backend whose bottles outlive
   * their keeper; absent: none does, or nobody can tell. @throws `unavailable`
   */
  survey?(): Promise<readonly Sighting[]>;
  /** What it still knows of a bottle whose record is lost; null: nothing. Together with `survey`. @throws `unavailable` */
  recall?(ref: BottleRef): Promise<Recollection | null>;
}
