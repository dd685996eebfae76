import { describeAgent } from './describe-agent.js';
import { anthropic } from './model/anthropic.js';

describeAgent({
  name: 'claude',
  dialect: anthropic,
  keyVariable: 'ANTHROPIC_API_KEY',
  settings: ({ url }) => ({
    env: { ANTHROPIC_BASE_URL: url },
    definition: { command: ['claude', '--print', '--dangerously-skip-permissions'] },
  }),
  task: prompt => [prompt],
  tools: {
    write: (file_path, content) => ({ name: 'Write', input: { file_path, content } }),
    run: command => ({ name: 'Bash', input: { command, description: 'Run a command' } }),
  },
});
