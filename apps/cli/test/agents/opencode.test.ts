import { describeAgent } from './describe-agent.js';
import { openaiChat } from './model/openai-chat.js';

describeAgent({
  name: 'opencode',
  dialect: openaiChat,
  credential: { env: 'OPENAI_API_KEY' },
  settings: url => ({
    command: ['opencode', 'run'],
    setEnv: { OPENCODE_CONFIG_CONTENT: JSON.stringify(config(url)) },
  }),
  task: prompt => [prompt],
  tools: {
    write: (filePath, content) => ({ name: 'write', input: { filePath, content } }),
    run: command => ({ name: 'bash', input: { command, description: 'Run a command' } }),
  },
});

function config(url: string): object {
  const options = { baseURL: `${url}/v1`, apiKey: '{env:OPENAI_API_KEY}' };
  return {
    model: 'scripted/model',
    provider: { scripted: { npm: '@ai-sdk/openai-compatible', options, models: { model: {} } } },
  };
}
