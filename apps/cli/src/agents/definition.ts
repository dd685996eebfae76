/** A key of the operator's: requests to a host are given it on their way out, and the bottle has a placeholder in its stead. */
export interface AgentCredential {
  /** The operator's variable that holds it. */
  readonly env: string;
  /** The bottle's variables that hold the placeholder; absent: `env` alone. */
  readonly placeholders?: readonly string[] | undefined;
  /** `HOST` or `HOST:PORT`; no pattern. */
  readonly host: string;
  /** The header that carries it as it is; absent: `Authorization: Bearer <key>`. */
  readonly header?: string | undefined;
  /** The operator's variable that, where it is set, names another URL for the service at `host`. */
  readonly baseUrlEnv?: string | undefined;
}

/** How an agent is run, and what of the operator's environment and of its own home belongs to it. */
export interface AgentDefinition {
  readonly name: string;
  readonly description: string;
  /** Program and arguments, looked up on the bottle's PATH. */
  readonly command: readonly string[];
  /** Arguments put behind `command` when a bottle is resumed, so that the agent continues its own conversation; none by default. */
  readonly resumeArgs: readonly string[];
  /** Names of the operator's environment variables that the bottle receives; everything else is cleared. */
  readonly passEnv: readonly string[];
  /** Lines of an allowlist: what a new bottle may reach. Absent: nothing. */
  readonly allow?: readonly string[];
  /** Of several for one host, the first whose variable is set is used. Absent: none. */
  readonly credentials?: readonly AgentCredential[];
  /** Variables set to a fixed value in the bottle. */
  readonly setEnv: Readonly<Record<string, string>>;
  /** Folders or files of the agent's conversation, relative to its home. */
  readonly transcript: readonly string[];
  /** Folders of the host that hold its programs, absolute; the bottle sees them read-only at the same path. Absent: the one of `command`, found on the operator's PATH. */
  readonly toolPaths?: readonly string[];
  /** The image that its bottle runs, where the backend runs images. Absent: the backend's default. */
  readonly image?: string;
  /** The Dockerfile that its image is built of instead, with its build context; absolute paths of the operator's. */
  readonly dockerfile?: { readonly path: string; readonly context: string };
  /** It can do nothing without its model's service. Absent: it can. */
  readonly needsNetwork?: boolean;
  /** The backend that this agent asks for; undefined: the operator's choice. */
  readonly backend?: string;
}
