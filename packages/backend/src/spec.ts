import type { Identity } from '@bot-bottle/identity';

/** Enough to find a bottle again, from any process. */
export interface BottleRef {
  readonly identity: Identity;
  /** The adapter's own scratch: a folder of the host that only the adapter writes. Its parent exists; the adapter creates it. */
  readonly stateFolder: string;
  /**
   * What its containers, networks and the like go by together, as its record has it (`compose_project`). Absent:
   * `bot-bottle-<identity>`.
   */
  readonly project?: string;
}

/** A folder of the host made visible in the bottle. Both are absolute; `source` exists and is a folder. */
export interface FolderMount {
  readonly source: string;
  readonly target: string;
}

/** A file of the host shown in the bottle, read-only: what is replaced on the host later stays as it was inside. */
export interface FileMount {
  /** Absolute; a regular file. */
  readonly source: string;
  /**
   * Below `/run/bot-bottle/`: always shown. Below `/etc/ssl/` or `/etc/pki/`: covers the bottle's own file of that name (what a
   * link there leads to), and is left out where there is none. Nowhere else.
   */
  readonly target: string;
}

/**
 * Where the agent works, always writable. `empty`: a fresh folder of the state. `mount`: the operator's own folder.
 * `copy`: a copy which the caller has made. The adapter treats all three alike and only checks that it offers the kind.
 */
export interface Workspace extends FolderMount {
  readonly kind: WorkspaceKind;
}

export type WorkspaceKind = 'empty' | 'mount' | 'copy';

/** Absent: the adapter's own default, which it documents. What is really enforced is in `Probe.limits`. */
export interface Limits {
  /** Bytes of memory. */
  readonly memoryBytes?: number;
  /** Processors' worth of time: 1.5 is one and a half. */
  readonly cpus?: number;
  /** Processes and threads. */
  readonly processes?: number;
  /** Open files of one process. */
  readonly openFiles?: number;
  /** Bytes in the bottle's /tmp. */
  readonly tmpBytes?: number;
}

export type LimitName = keyof Limits;

/** Everything an adapter is told about a bottle. */
export interface BottleSpec extends BottleRef {
  readonly agentName: string;
  /** Program and arguments; found through the PATH inside. Never empty, never passed through a shell. */
  readonly command: readonly string[];
  /** The agent's environment, beside the names in `Capabilities.environment`. Nothing of the operator's is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly workspace: Workspace;
  /** The agent's HOME: private to the bottle, writable, kept between launches. */
  readonly home: FolderMount;
  readonly limits: Limits;
  readonly labels: Readonly<Record<string, string>>;
  /** Folders of the host that hold programs, visible read-only at the same path. Absent: none. */
  readonly toolPaths?: readonly string[];
  /** Image to run, for an adapter with the capability `images`. Absent: the adapter's default. */
  readonly image?: string;
  /** Absent: none. */
  readonly files?: readonly FileMount[];
  /**
   * The way out, for an adapter with the network `egress`: what connects to `port` (1024 to 65535) of 127.0.0.1 inside reaches
   * `LaunchHost.serveEgress`. Absent: there is no way out of the bottle at all.
   */
  readonly egress?: { readonly port: number };
}
