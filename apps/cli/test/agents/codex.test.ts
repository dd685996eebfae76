import type { Agent } from './agent.js';
import { describeAgent, describeControls } from './describe-agent.js';
import { openaiResponses } from './model/openai-responses.js';

const codex: Agent = {
  name: 'codex',
  dialect: openaiResponses,
  keyVariable: 'OPENAI_API_KEY',
  settings: ({ urlInside, hostInside }) => ({
    definition: {
      // Its own sandbox needs user namespaces, which a bottle forbids: the bottle is the sandbox.
      command: [
        ...['codex', 'exec', '--dangerously-bypass-approvals-and-sandbox', '-c', 'model="scripted"'],
        ...['-c', 'model_provider="scripted"', '-c', `model_providers.scripted=${provider(urlInside)}`],
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

describeAgent(codex);
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
