import type { Agent } from './agent.js';
import { describeAgent, describeControls } from './describe-agent.js';
import { openaiResponses } from './model/openai-responses.js';

/** Its own sandbox needs user namespaces, which a bottle forbids: the bottle is the sandbox. */
const COMMAND = ['codex', 'exec', '--dangerously-bypass-approvals-and-sandbox'];

const codex: Agent = {
  name: 'codex',
  dialect: openaiResponses,
  keyVariable: 'OPENAI_API_KEY',
  settings: ({ urlInside, hostInside }) => ({
    definition: {
      command: [
        ...COMMAND,
        ...['-c', 'model="scripted"', '-c', 'model_provider="scripted"'],
        ...['-c', `model_providers.scripted=${provider(urlInside)}`],
      ],
      credentials: [{ env: 'OPENAI_API_KEY', host: hostInside }],
    },
    options: ['--allow', `${hostInside} private`],
  }),
  task: prompt => [prompt],
  tools: {
    write: (path, content) => run(`apply_patch <<'END'\n${patch(path, content)}END`),
    run,
  },
};

/** Its built-in provider, as where an operator has nothing but a key: over WebSocket. */
const builtIn: Agent = {
  ...codex,
  overWebSocket: true,
  keyVariable: 'CODEX_API_KEY',
  settings: ({ urlInside, hostInside }) => ({
    definition: {
      command: [...COMMAND, '-c', `openai_base_url="${urlInside}/v1"`],
      credentials: [{ env: 'CODEX_API_KEY', host: hostInside }],
    },
    options: ['--allow', `${hostInside} private`],
  }),
};

describeAgent(codex);
describeAgent(builtIn);
describeControls(codex);

/** In TOML, as on its command line. */
function provider(url: string): string {
  return `{ name = "scripted", base_url = "${url}/v1", env_key = "OPENAI_API_KEY", wire_api = "responses" }`;
}

function run(cmd: string) {
  return { name: 'exec_command', input: { cmd } };
}

/** In the format that it takes edits in: it does them itself, whatever its shell is. */
function patch(path: string, content: string): string {
  const added = content.trimEnd().replace(/^/gm, '+');
  return `*** Begin Patch\n*** Add File: ${path}\n${added}\n*** End Patch\n`;
}
