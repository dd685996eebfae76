/** How keys begin that their own programs look at before they send them; nothing in it is secret. */
const PREFIXES: Readonly<Record<string, string>> = {
  ANTHROPIC_API_KEY: 'sk-ant-api03-',
  CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-',
  CODEX_API_KEY: 'sk-',
  GEMINI_API_KEY: 'AIza',
  GOOGLE_API_KEY: 'AIza',
  OPENAI_API_KEY: 'sk-',
  OPENROUTER_API_KEY: 'sk-or-v1-',
};

/** What a bottle has in the stead of a key: of its shape, and saying what it is. The same at every launch, as a key is. */
export function placeholderOf(variable: string): string {
  return `${PREFIXES[variable] ?? ''}placeholder-of-bot-bottle-the-key-stays-outside`;
}
