import type { AgentDefinition } from './definition.js';
import { DEMO_SCRIPT } from './demo.js';

const BASE = { resumeArgs: [], passEnv: [], setEnv: {}, transcript: [] } as const;

/** `start shell`, `start shell -- make test` and, with options for bash itself, `start shell -- -c 'make test'`. */
const SHELL_SCRIPT = 'case "$1" in -* | "") exec bash "$@" ;; *) exec "$@" ;; esac';

/**
 * The agents that need no configuration. Names of variables, of transcript folders and the arguments that continue a
 * conversation are those of each tool's own documentation (code.claude.com/docs, developers.openai.com/codex,
 * geminicli.com/docs, opencode.ai/docs).
 */
export const BUILT_IN_AGENTS: readonly AgentDefinition[] = [
  {
    ...BASE,
    name: 'demo',
    description: 'shows what a bottle can and cannot do; needs no model',
    command: ['sh', '-c', DEMO_SCRIPT, 'demo'],
    resumeArgs: ['--resume'],
    transcript: ['.demo'],
  },
  {
    ...BASE,
    name: 'shell',
    description: 'an interactive shell, or one command of yours',
    command: ['sh', '-c', SHELL_SCRIPT, 'shell'],
    transcript: ['.bash_history'],
  },
  {
    ...BASE,
    name: 'claude',
    description: 'Claude Code',
    command: ['claude'],
    needsNetwork: true,
    resumeArgs: ['--continue'],
    passEnv: [
      'ANTHROPIC_API_KEY',
      'ANTHROPIC_AUTH_TOKEN',
      'ANTHROPIC_BASE_URL',
      'ANTHROPIC_MODEL',
      'CLAUDE_CODE_OAUTH_TOKEN',
    ],
    transcript: ['.claude/projects'],
  },
  {
    ...BASE,
    name: 'codex',
    description: 'OpenAI Codex CLI',
    command: ['codex'],
    needsNetwork: true,
    resumeArgs: ['resume', '--last'],
    passEnv: ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'CODEX_API_KEY'],
    transcript: ['.codex/sessions'],
  },
  {
    ...BASE,
    name: 'gemini',
    description: 'Gemini CLI',
    command: ['gemini'],
    needsNetwork: true,
    resumeArgs: ['--resume', 'latest'],
    passEnv: [
      'GEMINI_API_KEY',
      'GEMINI_MODEL',
      'GOOGLE_API_KEY',
      'GOOGLE_CLOUD_LOCATION',
      'GOOGLE_CLOUD_PROJECT',
      'GOOGLE_GENAI_USE_VERTEXAI',
    ],
    transcript: ['.gemini/tmp'],
  },
  {
    ...BASE,
    name: 'opencode',
    description: 'opencode',
    command: ['opencode'],
    needsNetwork: true,
    resumeArgs: ['--continue'],
    passEnv: ['ANTHROPIC_API_KEY', 'GEMINI_API_KEY', 'OPENAI_API_KEY', 'OPENROUTER_API_KEY'],
    // Its database, with its write-ahead log beside it.
    transcript: ['.local/share/opencode'],
  },
];

/** How the programs that are rarely there already are installed, as each tool's own documentation says. */
export const INSTALL_COMMANDS: Readonly<Record<string, string>> = {
  claude: 'npm install --global @anthropic-ai/claude-code',
  codex: 'npm install --global @openai/codex',
  gemini: 'npm install --global @google/gemini-cli',
  opencode: 'npm install --global opencode-ai',
};
