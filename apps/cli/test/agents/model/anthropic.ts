import {
  bearerOf,
  type Dialect,
  type JsonObject,
  listOf,
  type Message,
  type Reply,
  textOf,
} from './dialect.js';

const USAGE = { input_tokens: 10, output_tokens: 10 };

/** Anthropic's Messages API (docs.anthropic.com, "Streaming Messages"). */
export const anthropic: Dialect = {
  keyOf(headers) {
    const key = headers['x-api-key'];
    return typeof key === 'string' ? key : bearerOf(headers);
  },
  isTurn: path => path === '/v1/messages',
  read(_path, body) {
    return {
      messages: listOf(body['messages']).flatMap(messagesOf),
      tools: listOf(body['tools']).map(tool => String(tool['name'])),
      streamed: body['stream'] === true,
    };
  },
  stream(reply, turn) {
    const block = blockOf(reply, turn);
    const delta =
      'say' in reply
        ? { type: 'text_delta', text: reply.say }
        : { type: 'input_json_delta', partial_json: JSON.stringify(reply.call.input) };
    const empty = 'say' in reply ? { ...block, text: '' } : { ...block, input: {} };
    const message = { ...messageOf(turn), content: [], stop_reason: null };
    return [
      { type: 'message_start', message },
      { type: 'content_block_start', index: 0, content_block: empty },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: stopOf(reply), stop_sequence: null }, usage: USAGE },
      { type: 'message_stop' },
    ].map(data => ({ event: data.type, data }));
  },
  whole: (reply, turn) => ({
    ...messageOf(turn),
    content: [blockOf(reply, turn)],
    stop_reason: stopOf(reply),
  }),
  side(_method, path) {
    if (path === '/v1/messages/count_tokens') return { input_tokens: 10 };
    if (path === '/v1/models') return { data: [], has_more: false, first_id: null, last_id: null };
    return undefined;
  },
};

/** One message may hold several blocks; results of tools stand in the user's. */
function messagesOf(message: JsonObject): Message[] {
  const role = message['role'] === 'assistant' ? 'assistant' : 'user';
  if (typeof message['content'] === 'string') return [{ role, text: message['content'] }];
  return listOf(message['content']).map(block =>
    block['type'] === 'tool_result'
      ? { role: 'tool', text: textOf(block['content']) }
      : { role, text: block['type'] === 'tool_use' ? JSON.stringify(block['input']) : textOf([block]) },
  );
}

function messageOf(turn: number): JsonObject {
  const id = `msg_${turn}`;
  return { id, type: 'message', role: 'assistant', model: 'scripted', stop_sequence: null, usage: USAGE };
}

function blockOf(reply: Reply, turn: number): JsonObject {
  if ('say' in reply) return { type: 'text', text: reply.say };
  return { type: 'tool_use', id: `toolu_${turn}`, name: reply.call.name, input: reply.call.input };
}

function stopOf(reply: Reply): string {
  return 'say' in reply ? 'end_turn' : 'tool_use';
}
