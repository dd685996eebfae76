import type { IncomingHttpHeaders } from 'node:http';

export type JsonObject = { readonly [key: string]: unknown };

/** One message of a conversation, whatever the API calls it. */
export interface Message {
  readonly role: 'user' | 'assistant' | 'tool';
  readonly text: string;
}

/** What one request shows of the conversation so far. */
export interface Conversation {
  readonly messages: readonly Message[];
  /** Names of the tools that the agent offers; none: a side request (a title, a summary, a quota check). */
  readonly tools: readonly string[];
  /** False: the answer is wanted in one piece. */
  readonly streamed: boolean;
}

/** A call of one of the agent's tools; a string is a freeform tool's whole input. */
export interface ToolCall {
  readonly name: string;
  readonly input: JsonObject | string;
}

export type Reply = { readonly say: string } | { readonly call: ToolCall };

/** One event of a stream, as the API names it (no name: the API's events are data alone). */
export interface StreamEvent {
  readonly event?: string;
  readonly data: JsonObject | '[DONE]';
}

/** One model API: how its requests are read and its answers written. */
export interface Dialect {
  /** The key that a request carries; null: none. */
  keyOf(headers: IncomingHttpHeaders): string | null;
  /** True where a POST to this path asks the model to go on. */
  isTurn(path: string): boolean;
  read(path: string, body: JsonObject): Conversation;
  /** The answer as a stream; `turn` makes its ids differ. */
  stream(reply: Reply, turn: number): StreamEvent[];
  /** The same answer in one piece. */
  whole(reply: Reply, turn: number): JsonObject;
  /** Where the API is spoken over WebSocket too: one connection, which answers each message with some. */
  readonly converse?: (
    next: (conversation: Conversation) => Promise<{ readonly reply: Reply; readonly turn: number }>,
  ) => (message: string) => Promise<readonly string[]>;
  /** What every other request is answered with: lists of models, counts of tokens; undefined: 404. */
  side(method: string, path: string): JsonObject | undefined;
}

/** The text of a content that is a string, or a list of parts that have some. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map(part => [part['text'], part['content'], part['output']].map(textOf).join(''))
    .join('\n');
}

/** The objects of what should be a list of them. */
export function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value)
    ? value.filter((item): item is JsonObject => typeof item === 'object' && item !== null)
    : [];
}

/** A bearer token; null where there is none. */
export function bearerOf(headers: IncomingHttpHeaders): string | null {
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}
