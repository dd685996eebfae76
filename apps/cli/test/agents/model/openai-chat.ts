import {
  bearerOf,
  type Dialect,
  type JsonObject,
  listOf,
  type Message,
  type Reply,
  textOf,
} from './dialect.js';

const USAGE = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };

/** OpenAI's chat completions, which most other services speak too. */
export const openaiChat: Dialect = {
  keyOf: bearerOf,
  isTurn: path => path === '/v1/chat/completions',
  read(_path, body) {
    return {
      messages: listOf(body['messages']).flatMap(messagesOf),
      tools: listOf(body['tools']).map(tool =>
        String((tool['function'] as JsonObject | undefined)?.['name']),
      ),
      streamed: body['stream'] === true,
    };
  },
  stream(reply, turn) {
    const { content, tool_calls: calls } = messageOf(reply, turn);
    const delta = { role: 'assistant', content, ...(calls ? { tool_calls: calls } : {}) };
    const choice = { index: 0, finish_reason: null };
    return [
      { data: { ...chunkOf(turn), choices: [{ ...choice, delta }] } },
      {
        data: {
          ...chunkOf(turn),
          choices: [{ ...choice, delta: {}, finish_reason: finishOf(reply) }],
          usage: USAGE,
        },
      },
      { data: '[DONE]' },
    ];
  },
  whole: (reply, turn) => ({
    ...chunkOf(turn),
    object: 'chat.completion',
    choices: [{ index: 0, message: messageOf(reply, turn), finish_reason: finishOf(reply) }],
    usage: USAGE,
  }),
  side: (_method, path) => (path === '/v1/models' ? { object: 'list', data: [] } : undefined),
};

function messagesOf(message: JsonObject): Message[] {
  const role = message['role'];
  if (role === 'system' || role === 'developer') return [];
  const calls = listOf(message['tool_calls']).map(call => JSON.stringify(call['function']));
  return [
    {
      role: role === 'assistant' || role === 'tool' ? role : 'user',
      text: [textOf(message['content']), ...calls].join('\n'),
    },
  ];
}

function chunkOf(turn: number): JsonObject {
  return { id: `chatcmpl-${turn}`, object: 'chat.completion.chunk', created: 0, model: 'scripted' };
}

function messageOf(reply: Reply, turn: number): JsonObject {
  if ('say' in reply) return { role: 'assistant', content: reply.say };
  const { name, input } = reply.call;
  const call = { name, arguments: JSON.stringify(input) };
  return {
    role: 'assistant',
    content: null,
    tool_calls: [{ index: 0, id: `call_${turn}`, type: 'function', function: call }],
  };
}

function finishOf(reply: Reply): string {
  return 'say' in reply ? 'stop' : 'tool_calls';
}
