import { Operator } from './support/cli.js';

describe('agents', () => {
  it('lists the built-in ones with what reaches their bottle, in a stable JSON shape', async () => {
    const { code, stdout } = await new Operator().run(['agents', '--json']);
    const agents: { name: string }[] = JSON.parse(stdout);
    expect([code, agents.map(({ name }) => name)]).toEqual([
      0,
      ['demo', 'shell', 'claude', 'codex', 'gemini', 'opencode'],
    ]);
    expect(agents.find(({ name }) => name === 'codex')).toEqual({
      name: 'codex',
      description: 'OpenAI Codex CLI',
      command: [
        ...['codex', '-c', 'sandbox_mode="danger-full-access"'],
        ...['-c', 'check_for_update_on_startup=false', '-c', 'analytics.enabled=false'],
      ],
      resumeArgs: ['resume', '--last'],
      passEnv: [],
      allow: ['api.openai.com', 'auth.openai.com', 'chatgpt.com'],
      credentials: [
        { env: 'CODEX_API_KEY', host: 'api.openai.com' },
        {
          env: 'OPENAI_API_KEY',
          placeholders: ['OPENAI_API_KEY', 'CODEX_API_KEY'],
          host: 'api.openai.com',
        },
      ],
      setEnv: {},
      transcript: ['.codex/sessions'],
      toolPaths: [],
      image: null,
      dockerfile: null,
      needsNetwork: true,
      backend: null,
      source: 'built-in',
    });
  });
});
