import { describeAgent } from './describe-agent.js';
import { openaiChat } from './model/openai-chat.js';

describeAgent({
  name: 'opencode',
  dialect: openaiChat,
  keyVariable: 'OPENAI_API_KEY',
  settings: ({ urlInside, hostInside }) => ({
    definition: {
      command: ['opencode', 'run'],
      setEnv: {
        OPENCODE_CONFIG_CONTENT: JSON.stringify(config(urlInside)),
        OPENCODE_DISABLE_MODELS_FETCH: '1',
      },
      credentials: [{ env: 'OPENAI_API_KEY', host: hostInside }],
    },
    options: ['--allow', `${hostInside} private`],
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
    snapshot: false,
    model: 'scripted/model',
    provider: { scripted: { npm: '@ai-sdk/openai-compatible', options, models: { model: {} } } },
  };
}
