import { type Dialect, type JsonObject, listOf, type Message, type Reply } from './dialect.js';

const USAGE = { promptTokenCount: 10, candidatesTokenCount: 10, totalTokenCount: 20 };

/** Google's Gemini API (ai.google.dev, "generateContent" and "streamGenerateContent"). */
export const gemini: Dialect = {
  keyOf(headers) {
    const key = headers['x-goog-api-key'];
    return typeof key === 'string' ? key : null;
  },
  isTurn: path => /^\/v1(beta)?\/models\/[^/:]+:(stream)?[gG]enerateContent$/.test(path),
  read(path, body) {
    return {
      messages: listOf(body['contents']).flatMap(messagesOf),
      tools: listOf(body['tools'])
        .flatMap(tool => listOf(tool['functionDeclarations']))
        .map(declaration => String(declaration['name'])),
      streamed: path.includes(':stream'),
    };
  },
  stream(reply, turn) {
    return [{ data: this.whole(reply, turn) }];
  },
  whole: (reply, turn) => ({
    responseId: `response-${turn}`,
    modelVersion: 'scripted',
    candidates: [{ index: 0, finishReason: 'STOP', content: { role: 'model', parts: [partOf(reply)] } }],
    usageMetadata: USAGE,
  }),
  side: (_method, path) => (path.endsWith(':countTokens') ? { totalTokens: 10 } : undefined),
};

function messagesOf(content: JsonObject): Message[] {
  const role = content['role'] === 'model' ? 'assistant' : 'user';
  return listOf(content['parts']).map(part => {
    if (part['functionResponse']) return { role: 'tool', text: JSON.stringify(part['functionResponse']) };
    return { role, text: String(part['text'] ?? JSON.stringify(part['functionCall'])) };
  });
}

function partOf(reply: Reply): JsonObject {
  if ('say' in reply) return { text: reply.say };
  return { functionCall: { name: reply.call.name, args: reply.call.input } };
}
