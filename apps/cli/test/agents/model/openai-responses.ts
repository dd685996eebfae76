import {
  bearerOf,
  type Dialect,
  type JsonObject,
  listOf,
  type Message,
  type Reply,
  textOf,
} from './dialect.js';

const USAGE = { input_tokens: 10, output_tokens: 10, total_tokens: 20 };

/** OpenAI's Responses API (platform.openai.com, "Streaming events"). */
export const openaiResponses: Dialect = {
  keyOf: bearerOf,
  isTurn: path => path === '/v1/responses',
  read(_path, body) {
    return {
      messages: listOf(body['input']).flatMap(messagesOf),
      tools: listOf(body['tools']).map(tool => String(tool['name'] ?? tool['type'])),
      streamed: body['stream'] === true,
    };
  },
  stream(reply, turn) {
    const item = itemOf(reply, turn);
    const text = 'say' in reply ? reply.say : '';
    const deltas =
      text === ''
        ? []
        : [
            {
              type: 'response.output_text.delta',
              item_id: item['id'],
              output_index: 0,
              content_index: 0,
              delta: text,
            },
          ];
    return [
      { type: 'response.created', response: { ...responseOf(turn), status: 'in_progress', output: [] } },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress', content: [] },
      },
      ...deltas,
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: this.whole(reply, turn) },
    ].map((data, sequence_number) => ({ event: data.type, data: { ...data, sequence_number } }));
  },
  whole: (reply, turn) => ({
    ...responseOf(turn),
    status: 'completed',
    output: [itemOf(reply, turn)],
    usage: USAGE,
  }),
  side: (_method, path) => (path === '/v1/models' ? { object: 'list', data: [] } : undefined),
};

function messagesOf(item: JsonObject): Message[] {
  const type = String(item['type'] ?? 'message');
  if (type === 'message') {
    return [{ role: item['role'] === 'assistant' ? 'assistant' : 'user', text: textOf(item['content']) }];
  }
  if (type.endsWith('_output')) return [{ role: 'tool', text: textOf(item['output']) }];
  if (type.endsWith('_call'))
    return [{ role: 'assistant', text: String(item['arguments'] ?? item['input']) }];
  return [];
}

function responseOf(turn: number): JsonObject {
  return { id: `resp_${turn}`, object: 'response', created_at: 0, model: 'scripted' };
}

function itemOf(reply: Reply, turn: number): JsonObject {
  if ('say' in reply) {
    const content = [{ type: 'output_text', text: reply.say, annotations: [] }];
    return { type: 'message', id: `msg_${turn}`, status: 'completed', role: 'assistant', content };
  }
  const { name, input } = reply.call;
  const call = { id: `item_${turn}`, call_id: `call_${turn}`, status: 'completed', name };
  return typeof input === 'string'
    ? { ...call, type: 'custom_tool_call', input }
    : { ...call, type: 'function_call', arguments: JSON.stringify(input) };
}
