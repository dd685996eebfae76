import { describeAgent } from './describe-agent.js';
import { anthropic } from './model/anthropic.js';

describeAgent({
  name: 'claude',
  dialect: anthropic,
  credential: { env: 'ANTHROPIC_API_KEY', header: 'x-api-key' },
  settings: url => ({
    command: ['claude', '--print', '--dangerously-skip-permissions'],
    setEnv: { ANTHROPIC_BASE_URL: url },
  }),
  task: prompt => [prompt],
  tools: {
    write: (file_path, content) => ({ name: 'Write', input: { file_path, content } }),
    run: command => ({ name: 'Bash', input: { command, description: 'Run a command' } }),
  },
});
