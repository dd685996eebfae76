import { join } from 'node:path';
import type { Dialect, ToolCall } from './model/dialect.js';

/** Where the set-up for tests installs the agents, with the versions of `scripts/agents.json`. */
export const AGENTS_BIN = join(__dirname, '../../../../.tools/agents/bin');

/** What a test must know of a real coding agent to run it without a person against a model of its own. */
export interface Agent {
  /** Its name among the built-in agents, and its program's. */
  readonly name: string;
  /** The API that it speaks. */
  readonly dialect: Dialect;
  /** The variable that it wants a key in, and the header in which it sends it; absent: as a bearer token. */
  readonly credential: { readonly env: string; readonly header?: string };
  /** What the operator changes of the built-in definition, so that it asks nobody and uses the model at this URL. */
  readonly settings: (modelUrl: string) => {
    readonly command: readonly string[];
    readonly resumeArgs?: readonly string[];
    readonly setEnv?: Readonly<Record<string, string>>;
  };
  /** The arguments that give it its task. */
  readonly task: (prompt: string) => readonly string[];
  /** Files that its project must have. */
  readonly projectFiles?: Readonly<Record<string, string>>;
  /** How its own tools are called. */
  readonly tools: {
    readonly write: (path: string, content: string) => ToolCall;
    readonly run: (command: string) => ToolCall;
  };
}
