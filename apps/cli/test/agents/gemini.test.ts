import { describeAgent } from './describe-agent.js';
import { gemini } from './model/gemini.js';

describeAgent({
  name: 'gemini',
  dialect: gemini,
  keyVariable: 'GEMINI_API_KEY',
  settings: ({ url }) => ({
    env: { GOOGLE_GEMINI_BASE_URL: url },
    definition: {
      // A model by name: otherwise it asks a second one which to take.
      command: ['gemini', '--yolo', '--model', 'gemini-2.5-flash'],
      setEnv: { GEMINI_CLI_TRUST_WORKSPACE: 'true' },
    },
  }),
  task: prompt => ['--prompt', prompt],
  // Where its service is at another address, it takes a key only when told so.
  projectFiles: {
    '.gemini/settings.json': JSON.stringify({
      security: { auth: { selectedType: 'gemini-api-key' } },
      privacy: { usageStatisticsEnabled: false },
    }),
  },
  tools: {
    write: (file_path, content) => ({ name: 'write_file', input: { file_path, content } }),
    run: command => ({ name: 'run_shell_command', input: { command, description: 'Run a command' } }),
  },
});
