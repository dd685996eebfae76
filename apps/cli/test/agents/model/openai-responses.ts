import {
  bearerOf,
  type Dialect,
  type JsonObject,
  listOf,
  type Message,
  type Reply,
  type StreamEvent,
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
      tools: toolsOf(body),
      streamed: body['stream'] === true,
    };
  },
  stream(reply, turn) {
    const item = itemOf(reply, turn);
    const place = { item_id: item['id'], output_index: 0, content_index: 0 };
    const deltas = 'say' in reply ? [{ type: 'response.output_text.delta', ...place, delta: reply.say }] : [];
    const begun = { ...item, status: 'in_progress', content: [] };
    return numbered([
      { type: 'response.created', response: { ...responseOf(turn), status: 'in_progress' } },
      { type: 'response.output_item.added', output_index: 0, item: begun },
      ...deltas,
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: openaiResponses.whole(reply, turn) },
    ]);
  },
  whole: (reply, turn) => completed(turn, [itemOf(reply, turn)]),
  /** A message holds what is new since the response that it names. */
  converse(next) {
    let before: JsonObject[] = [];
    return async message => {
      const body = JSON.parse(message) as JsonObject;
      const input = [...(body['previous_response_id'] ? before : []), ...listOf(body['input'])];
      if (body['generate'] === false) {
        before = input;
        return textsOf(numbered([{ type: 'response.completed', response: completed(0, []) }]));
      }
      const { reply, turn } = await next(openaiResponses.read('', { ...body, input }));
      before = [...input, itemOf(reply, turn)];
      return textsOf(openaiResponses.stream(reply, turn));
    };
  },
  side: (_method, path) => (path === '/v1/models' ? { object: 'list', data: [] } : undefined),
};

/** They stand beside the conversation, or in it. */
function toolsOf(body: JsonObject): string[] {
  const added = listOf(body['input']).filter(({ type }) => type === 'additional_tools');
  return [body, ...added].flatMap(({ tools }) =>
    listOf(tools).map(tool => String(tool['name'] ?? tool['type'])),
  );
}

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
  return { id: `resp_${turn}`, object: 'response', created_at: 0, model: 'scripted', output: [] };
}

function completed(turn: number, output: readonly JsonObject[]): JsonObject {
  return { ...responseOf(turn), status: 'completed', output, usage: USAGE };
}

function numbered(events: readonly (JsonObject & { readonly type: string })[]): StreamEvent[] {
  return events.map((data, sequence_number) => ({ event: data.type, data: { ...data, sequence_number } }));
}

function textsOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ data }) => JSON.stringify(data));
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
