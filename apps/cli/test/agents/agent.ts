import { join } from 'node:path';
import type { Dialect, ToolCall } from './model/dialect.js';

/** Where the set-up for tests installs the agents, with the versions of `scripts/agents.json`. */
export const AGENTS_BIN = join(__dirname, '../../../../.tools/agents/bin');

/** Where the agent's model is. */
export interface ModelPlace {
  /** As the operator writes it: on the host's loopback. */
  readonly url: string;
  /** As a bottle reaches it. */
  readonly urlInside: string;
  /** The same as HOST:PORT. */
  readonly hostInside: string;
}

/** What an operator does to run an agent without a person, against a model of the operator's own. */
export interface Settings {
  /** Variables of the operator's, beside the one with the key. */
  readonly env?: Readonly<Record<string, string>>;
  /** What bot-bottle.yaml says of the agent, beyond what is built in. */
  readonly definition: object;
  /** Further options of `start`. */
  readonly options?: readonly string[];
}

/** A real coding agent. */
export interface Agent {
  /** Its name among the built-in agents, and its program's. */
  readonly name: string;
  /** The API that it speaks. */
  readonly dialect: Dialect;
  /** It speaks it over WebSocket; absent: request by request. */
  readonly overWebSocket?: boolean;
  /** The operator's variable that holds the model's key, and that the agent wants one in. */
  readonly keyVariable: string;
  readonly settings: (model: ModelPlace) => Settings;
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
