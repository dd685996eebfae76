import type { AgentDefinition } from './definition.js';
import { DEMO_SCRIPT } from './demo.js';

const BASE = { resumeArgs: [], passEnv: [], setEnv: {}, transcript: [] } as const;

/** `start shell`, `start shell -- make test` and, with options for bash itself, `start shell -- -c 'make test'`. */
const SHELL_SCRIPT = 'case "$1" in -* | "") exec bash "$@" ;; *) exec "$@" ;; esac';

const ANTHROPIC = { host: 'api.anthropic.com', baseUrlEnv: 'ANTHROPIC_BASE_URL' } as const;
const GEMINI = {
  host: 'generativelanguage.googleapis.com',
  header: 'x-goog-api-key',
  baseUrlEnv: 'GOOGLE_GEMINI_BASE_URL',
} as const;
const OPENAI = { host: 'api.openai.com' } as const;

/**
 * Its own sandbox is bubblewrap too, and needs the user namespaces that a bottle forbids: every command of its would fail. That
 * it asks before it runs one is another setting, and stays the operator's.
 */
const CODEX_OPTIONS = [
  ...['-c', 'sandbox_mode="danger-full-access"'],
  ...['-c', 'check_for_update_on_startup=false', '-c', 'analytics.enabled=false'],
];

/**
 * The agents that need no configuration. Names of variables and the header each goes in, hosts, transcript folders and the
 * arguments that continue a conversation are those of each tool's own documentation (code.claude.com/docs, its network-config and
 * authentication pages; developers.openai.com/codex, auth; geminicli.com/docs, authentication; opencode.ai/docs, providers).
 * Hosts are the model's service and what a log-in with a subscription needs, whose tokens lie in the agent's home and go out
 * untouched. Telemetry, updates and plug-ins are not among them, and are switched off where that can be said.
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
    passEnv: ['ANTHROPIC_MODEL'],
    setEnv: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
    allow: ['api.anthropic.com', 'claude.ai', 'platform.claude.com'],
    // In the order in which it takes them itself.
    credentials: [
      { env: 'ANTHROPIC_AUTH_TOKEN', ...ANTHROPIC },
      { env: 'ANTHROPIC_API_KEY', header: 'x-api-key', ...ANTHROPIC },
      { env: 'CLAUDE_CODE_OAUTH_TOKEN', ...ANTHROPIC },
    ],
    transcript: ['.claude/projects'],
  },
  {
    ...BASE,
    name: 'codex',
    description: 'OpenAI Codex CLI',
    command: ['codex', ...CODEX_OPTIONS],
    needsNetwork: true,
    resumeArgs: ['resume', '--last'],
    allow: ['api.openai.com', 'auth.openai.com', 'chatgpt.com'],
    credentials: [
      { env: 'CODEX_API_KEY', ...OPENAI },
      // What most have; `codex exec` looks at the other name alone.
      { env: 'OPENAI_API_KEY', placeholders: ['OPENAI_API_KEY', 'CODEX_API_KEY'], ...OPENAI },
    ],
    transcript: ['.codex/sessions'],
  },
  {
    ...BASE,
    name: 'gemini',
    description: 'Gemini CLI',
    command: ['gemini'],
    needsNetwork: true,
    resumeArgs: ['--resume', 'latest'],
    passEnv: ['GEMINI_MODEL', 'GOOGLE_CLOUD_LOCATION', 'GOOGLE_CLOUD_PROJECT', 'GOOGLE_GENAI_USE_VERTEXAI'],
    allow: [
      'generativelanguage.googleapis.com',
      'aiplatform.googleapis.com',
      'cloudcode-pa.googleapis.com',
      'oauth2.googleapis.com',
    ],
    credentials: [
      { env: 'GEMINI_API_KEY', ...GEMINI },
      // Vertex AI in express mode.
      { env: 'GOOGLE_API_KEY', host: 'aiplatform.googleapis.com', header: 'x-goog-api-key' },
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
    setEnv: { OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_LSP_DOWNLOAD: '1' },
    allow: [
      'api.anthropic.com',
      'api.openai.com',
      'generativelanguage.googleapis.com',
      'models.opencode.ai',
      'opencode.ai',
      'openrouter.ai',
    ],
    credentials: [
      { env: 'ANTHROPIC_API_KEY', host: ANTHROPIC.host, header: 'x-api-key' },
      { env: 'OPENAI_API_KEY', ...OPENAI },
      { env: 'GEMINI_API_KEY', host: GEMINI.host, header: GEMINI.header },
      { env: 'OPENROUTER_API_KEY', host: 'openrouter.ai' },
    ],
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
