import type { Conversation, Reply, ToolCall } from './dialect.js';

/** What the script's last word is, and what it is where an earlier conversation came along with the prompt. */
export const FINISHED = 'All of it is done.';
export const REMEMBERED = 'I remember all of it.';

/**
 * A model that answers `prompt` with the calls, one after the other, and ends with a last word. What it does follows from
 * the conversation alone: as many calls are made as results of tools stand behind the last prompt.
 */
export class ScriptedModel {
  /** Makes the model think about its last word until the connection ends, so that the agent can be found at work. */
  thinks = false;
  /** It has made all its calls, and now thinks. */
  isThinking = false;

  constructor(
    private readonly prompt: string,
    private readonly calls: readonly ToolCall[],
  ) {}

  readonly next = async ({ messages, tools }: Conversation): Promise<Reply> => {
    if (tools.length === 0) return { say: 'A title' };
    const at = messages.findLastIndex(({ role, text }) => role === 'user' && text.includes(this.prompt));
    if (hasResults(messages.slice(0, at))) return { say: REMEMBERED };
    const made = messages.slice(at).filter(({ role }) => role === 'tool').length;
    const call = this.calls[made];
    if (call) return { call };
    this.isThinking = this.thinks;
    if (this.thinks) await new Promise(() => {});
    return { say: FINISHED };
  };
}

function hasResults(messages: Conversation['messages']): boolean {
  return messages.some(({ role }) => role === 'tool');
}
